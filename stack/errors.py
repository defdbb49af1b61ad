"""The one kind of failure that the stack reports to the person at the terminal."""

import shutil
from pathlib import Path

import click

DISK_FULL = "The disk is full: free some space, then run make up again; it goes on where it stopped."


# With less than this left Postgres cannot even write its log ahead.
FULL_BYTES = 128 * 1024**2


class StackError(click.ClickException):
    """Something that only the person can put right, said in one sentence (and, where it helps, the end of a log)."""

    def show(self, file: object = None) -> None:
        """Print the sentence as it is, on standard error."""
        click.echo(self.message, err=True)


def failure(sentence: str, output: str, lines: int = 12) -> StackError:
    """The error for a program that failed: the sentence, then the last lines of what the program said."""
    if "No space left on device" in output:
        return StackError(DISK_FULL)
    return StackError(sentence + ":" + "".join(f"\n    {line}" for line in output.strip().splitlines()[-lines:]))


def is_full(*folders: Path) -> bool:
    """Whether a disk under one of the folders has no room left, which many a failure hides behind another message."""
    return any(shutil.disk_usage(folder).free < FULL_BYTES for folder in folders if folder.exists())
