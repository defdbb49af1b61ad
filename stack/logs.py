"""`make logs`: the programs' logs as they grow, each line behind the name of its program."""

import os
import time
from collections.abc import Iterator
from io import SEEK_END, TextIOWrapper
from pathlib import Path

import click

COLOURS = ("cyan", "green", "magenta", "yellow", "blue", "red")
FIRST_LINES = 10
SECONDS_BETWEEN_LOOKS = 0.3


class Follower:
    """Reads a log file that grows and is now and then replaced by a new one."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._stream: TextIOWrapper | None = None
        self._unfinished = ""

    def last_lines(self, count: int) -> list[str]:
        """The end of the file as it is now; `new_lines` goes on from there."""
        if not self._open():
            return []
        assert self._stream
        size = self._stream.seek(0, SEEK_END)
        self._stream.seek(max(0, size - 400 * count))
        return self._stream.read().splitlines()[-count:]

    def new_lines(self) -> Iterator[str]:
        """Lines that have come since the last look."""
        if self._stream or self._open():
            assert self._stream
            *lines, self._unfinished = (self._unfinished + self._stream.read()).split("\n")
            yield from lines
            if self._is_replaced():
                self._stream.close()
                self._stream = None

    def _open(self) -> bool:
        if not self.path.exists():
            return False
        self._stream = self.path.open(errors="replace")
        return True

    def _is_replaced(self) -> bool:
        assert self._stream
        try:
            now = self.path.stat()
        except FileNotFoundError:
            return False
        return now.st_ino != os.fstat(self._stream.fileno()).st_ino


def follow(folder: Path, names: list[str]) -> None:
    """Print the logs of these programs until interrupted."""
    width = max(map(len, names))
    followers = {name: Follower(folder / f"{name}.log") for name in names}
    for name, follower in followers.items():
        for line in follower.last_lines(FIRST_LINES):
            _print(name, names, width, line)
    while True:
        for name, follower in followers.items():
            for line in follower.new_lines():
                _print(name, names, width, line)
        time.sleep(SECONDS_BETWEEN_LOOKS)


def _print(name: str, names: list[str], width: int, line: str) -> None:
    click.secho(f"{name:<{width}} | ", fg=COLOURS[names.index(name) % len(COLOURS)], nl=False)
    click.echo(line)
