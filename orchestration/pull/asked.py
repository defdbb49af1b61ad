"""What a run is asked for, and what became of it: the vocabulary of a pull."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple

Place = tuple[str, str]  # module, dealer number


class Partition(NamedTuple):
    """One cell of the assets: what a dealer's module holds of one local date."""

    module: str
    dealer_id: str
    day: date

    @property
    def key(self) -> str:
        """The partition's key in Dagster."""
        return partition_key(self.day, self.dealer_id)


def partition_key(day: date, dealer_id: str) -> str:
    """Dagster's key of date x dealer: the dimensions in the order of their names, joined by «|»."""
    return f"{day.isoformat()}|{dealer_id}"


@dataclass(frozen=True)
class Asked:
    """The partitions that a run is to bring, and since when they have been asked for.

    A call that left after `asked_at` satisfies the dates that it covered, whoever made it. `around` may hold more
    dates than `dates`: those that others ask for at the same time (the other runs of a backfill), so that one window
    can serve all. `quota_share` is how much of a key's daily quota may be used up when it asks. One that `yields` takes
    half of a main dealer's slots, so that others find one free.
    """

    dates: Mapping[Place, frozenset[date]]
    asked_at: datetime
    around: Mapping[Place, frozenset[date]] = field(default_factory=dict)
    quota_share: float = 1.0
    yields: bool = False

    def partitions(self) -> Iterator[Partition]:
        """Every partition asked for."""
        for (module, dealer_id), days in self.dates.items():
            for day in days:
                yield Partition(module, dealer_id, day)

    @property
    def dealers(self) -> list[str]:
        """The dealers asked for, each once."""
        return list(dict.fromkeys(dealer_id for _, dealer_id in self.dates))


@dataclass(frozen=True)
class Arrived:
    """A partition that is complete in raw. `documents` and `bytes` are those created or modified on its date."""

    call_id: str
    called_at: datetime
    documents: int
    bytes: int
    seconds: float


@dataclass(frozen=True)
class Failed:
    """A partition that did not arrive, with the reason in words and the call that said so, where one was made."""

    reason: str
    call_id: str | None = None


@dataclass
class Pulled:
    """What became of everything that was asked for. `skipped` are partitions that cannot exist, with the reason."""

    arrived: dict[Partition, Arrived] = field(default_factory=dict)
    failed: dict[Partition, Failed] = field(default_factory=dict)
    skipped: dict[Partition, str] = field(default_factory=dict)
    calls: int = 0
    requests: int = 0
    documents: int = 0
    added: int = 0
    rejected: int = 0
    load_ids: list[str] = field(default_factory=list)

    def add(self, other: "Pulled") -> None:
        """Take in what another pull of the same run did."""
        self.arrived |= other.arrived
        self.failed |= other.failed
        self.skipped |= other.skipped
        for name in ("calls", "requests", "documents", "added", "rejected"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.load_ids += other.load_ids
