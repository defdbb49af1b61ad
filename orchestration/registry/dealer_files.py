"""Dealers as CSV: written whole, and read so that every row gets a verdict and either all rows are taken or none."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any, TextIO

from orchestration.registry.models import Dealer
from orchestration.registry.rules import RegistryError
from orchestration.registry.store import Registry, open_registry
from orchestration.settings import Settings

COLUMNS = ("dealer_id", "name", "city", "main_dealer", "key", "enabled")

_REQUIRED = ("dealer_id", "name", "main_dealer", "key")
_ENABLED = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}


@dataclass(frozen=True)
class Verdict:
    """What becomes of a row of the file; `row` counts as a spreadsheet does, the heading being 1."""

    row: int
    dealer_id: str
    text: str
    is_refused: bool = False


@dataclass(frozen=True)
class _Row:
    number: int
    cells: dict[str, str]
    has_surplus: bool


class _Undo(Exception):
    pass


def export_dealers(settings: Settings, file: TextIO) -> None:
    """Write all dealers to `file`, in the form that `import_dealers` takes."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    with open_registry(settings) as registry:
        for dealer in registry.dealers():
            key = dealer.api_key.name if dealer.api_key else None
            enabled = "yes" if dealer.is_enabled else "no"
            writer.writerow((dealer.id, dealer.name, dealer.city, dealer.main_dealer_id, key, enabled))


def import_dealers(settings: Settings, file: Path, dry_run: bool) -> list[Verdict]:
    """Add or change the dealers in `file`. A dry run, or a refused row, leaves everything as it was.

    Columns that the file has not leave what they would say unchanged. Raises RegistryError when it is no such file.
    """
    return take_dealers(settings, file.read_bytes(), file.name, dry_run)


def take_dealers(
    settings: Settings, content: bytes, file_name: str, dry_run: bool, changed_by: str | None = None
) -> list[Verdict]:
    """The same with what a file holds."""
    try:
        rows = list(_read(content.decode("utf-8-sig"), file_name))
    except UnicodeDecodeError:
        raise RegistryError(f"{file_name} is no UTF-8 text: save it as «CSV UTF-8»") from None
    except csv.Error as error:
        raise RegistryError(f"{file_name} is no CSV file: {error}") from None
    verdicts: list[Verdict] = []
    seen: dict[str, int] = {}
    try:
        with open_registry(settings, changed_by) as registry:
            for row in rows:
                first = seen.setdefault(row.cells["dealer_id"], row.number)
                verdicts.append(_take(registry, row, first))
            if dry_run or any(verdict.is_refused for verdict in verdicts):
                raise _Undo
    except _Undo:
        pass  # the transaction is rolled back, which is what was wanted
    return verdicts


def _read(text: str, file_name: str) -> Iterator[_Row]:
    """The rows that hold anything; cells are trimmed, those that a short row lacks are empty."""
    heading = text.partition("\n")[0]
    # Spreadsheets in Indonesian write semicolons: there the comma is the decimal sign.
    delimiter = ";" if ";" in heading and "," not in heading else ","
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    columns = [cell.strip().lower() for cell in next(reader, [])]
    missing = [name for name in _REQUIRED if name not in columns]
    if missing:
        raise RegistryError(f"{file_name} lacks the column {', '.join(missing)}; `dealers export` shows the form")
    for number, cells in enumerate(reader, start=2):
        texts = [cell.strip() for cell in cells] + [""] * (len(columns) - len(cells))
        if any("\0" in text for text in texts):
            raise csv.Error("it holds zero bytes")
        if any(texts):
            yield _Row(number, dict(zip(columns, texts, strict=False)), any(texts[len(columns) :]))


def _take(registry: Registry, row: _Row, first: int) -> Verdict:
    dealer_id = row.cells["dealer_id"]
    try:
        if first != row.number:
            raise RegistryError(f"row {first} has the same dealer number")
        if row.has_surplus:
            raise RegistryError("it has more cells than the heading: is a comma in a name without quotes around it?")
        with registry.session.begin_nested():
            return Verdict(row.number, dealer_id, _apply(registry, row.cells))
    except RegistryError as error:
        return Verdict(row.number, dealer_id, f"refused: {error}", is_refused=True)


def _apply(registry: Registry, cells: dict[str, str]) -> str:
    values: dict[str, Any] = {name: cells[name] for name in ("name", "city") if name in cells}
    if enabled := cells.get("enabled", "").lower():
        if enabled not in _ENABLED:
            raise RegistryError(f"enabled: «{enabled}» is neither yes nor no")
        values["is_enabled"] = _ENABLED[enabled]
    found = registry.session.get(Dealer, cells["dealer_id"])
    if found is None:
        registry.add_dealer(cells["dealer_id"], main_dealer_id=cells["main_dealer"], key=cells["key"], **values)
        return "added"
    changed = registry.edit(found, **values, **registry.place(cells["main_dealer"], cells["key"]))
    return f"changed: {', '.join(changed)}" if changed else "unchanged"
