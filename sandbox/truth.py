"""What a perfect client would know: counts and sums per module, dealer and day, straight from the model."""

import asyncio
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sandbox.contract import NUMERIC_TYPES, Module, modules
from sandbox.fleet import Dealer
from sandbox.store import canonical
from sandbox.times import DAY, calendar_date
from sandbox.world import World

_DAYS_AT_A_TIME = 7


@dataclass(slots=True)
class DayTruth:
    """One dealer's documents of one module created on one local day."""

    documents: int = 0
    deleted: int = 0
    lines: Counter[str] = field(default_factory=Counter)
    sums: dict[str, Decimal] = field(default_factory=dict)

    def add(self, module: Module, record: dict[str, Any]) -> None:
        """Count an existing document."""
        self.documents += 1
        self._sum(module.fields, record, "")
        for child, fields in module.children.items():
            self.lines[child] += len(record[child])
            for line in record[child]:
                self._sum(fields, line, f"{child}.")

    def _sum(self, fields: Iterable[Any], values: dict[str, Any], prefix: str) -> None:
        for one in fields:
            if one.type in NUMERIC_TYPES:
                name = prefix + one.name
                self.sums[name] = self.sums.get(name, Decimal(0)) + Decimal(str(values[one.name]))


async def truth_rows(world: World, dealers: list[Dealer], names: list[str], first_day: int, last_day: int) -> list[Any]:
    """The truth of some dealers and modules, by day; days without documents have no row."""
    rows = []
    for dealer in dealers:
        served = [modules()[name] for name in names if name in dealer.main_dealer.modules]
        # Some days of all modules at a time: documents of one journey are then made while it is still kept.
        for start in range(first_day, last_day + 1, _DAYS_AT_A_TIME):
            for module in served:
                end = min(start + _DAYS_AT_A_TIME - 1, last_day)
                for day, truth in _by_day(world, dealer, module, start, end).items():
                    rows.append(_row(dealer, module, day, truth))
                # Counting renders every document: let requests have their turn.
                await asyncio.sleep(0)
    rows.sort(key=lambda row: (row["main_dealer"], row["dealer"], row["module"], row["date"]))
    return rows


def _row(dealer: Dealer, module: Module, day: int, truth: DayTruth) -> dict[str, Any]:
    return {
        "main_dealer": dealer.main_dealer.id,
        "dealer": dealer.id,
        "module": module.name,
        "date": calendar_date(day).isoformat(),
        "documents": truth.documents,
        "deleted": truth.deleted,
        "lines": {child: truth.lines[child] for child in module.children},
        "sums": {name: f"{total:.2f}" for name, total in truth.sums.items()},
    }


def _by_day(world: World, dealer: Dealer, module: Module, first_day: int, last_day: int) -> dict[int, DayTruth]:
    days: dict[int, DayTruth] = {}
    now = world.local_now(dealer.main_dealer)
    window = (first_day * DAY, (last_day + 1) * DAY - 1)
    for found, deleted in world.store.created(dealer, module.name, *window, now):
        truth = days.setdefault(found.created // DAY, DayTruth())
        if deleted:
            truth.deleted += 1
        else:
            truth.add(module, canonical(found))
    return days


def find_document(
    world: World, main_dealer: str, name: str, key: str, first_day: int, last_day: int
) -> dict[str, Any] | None:
    """A document by its key, created in the days given: its record, version and whether it is deleted."""
    module = modules()[name]
    for dealer in world.fleet.select([main_dealer], []):
        if dealer.id not in key:
            continue
        now = world.local_now(dealer.main_dealer)
        for found, deleted in world.store.created(dealer, name, first_day * DAY, (last_day + 1) * DAY - 1, now):
            record = canonical(found)
            if module.key_of(record) == key:
                return {"dealer": dealer.id, "document": record, "version": found.version, "deleted": deleted}
    return None
