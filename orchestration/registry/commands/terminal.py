"""What all commands of the registry do alike: print tables, outcomes and states, and take options that were given."""

import sys
from collections.abc import Iterable, Mapping
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

# Where nobody looks at a terminal, a row is one line, however long, so that it can be searched.
_UNFOLDED = 10_000


def print_table(headings: Iterable[str], rows: Iterable[Iterable[Any]]) -> None:
    """Print rows under their headings. Cells are shown as they are, without markup; None is empty."""
    table = Table(box=None, pad_edge=False)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
    Console(width=None if sys.stdout.isatty() else _UNFOLDED).print(table)


def print_fields(fields: Mapping[str, Any]) -> None:
    """Print one entry, a field a line."""
    print_table(("field", "value"), fields.items())


def print_outcome(changed: list[str], what: str) -> None:
    """Say which fields of an entry an edit changed."""
    click.echo(f"{what} changed: {', '.join(changed)}" if changed else f"{what}: nothing to change")


def state(is_enabled: bool) -> str:
    """How an entry's state is called."""
    return "enabled" if is_enabled else "disabled"


def given(values: Mapping[str, Any]) -> dict[str, Any]:
    """The options that were given."""
    return {name: value for name, value in values.items() if value is not None and value != ()}
