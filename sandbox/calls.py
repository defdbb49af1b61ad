"""What was asked: calls, documents and concurrency per main dealer, dealer and module."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any


@dataclass(slots=True)
class Tally:
    """Counts of one sort of call."""

    calls: int = 0
    documents: int = 0
    running: int = 0
    most_running: int = 0

    def start(self) -> None:
        """A call arrives."""
        self.calls += 1
        self.running += 1
        self.most_running = max(self.most_running, self.running)


class CallLog:
    """Tallies since the last reset. A call for a dealer group has no dealer."""

    def __init__(self) -> None:
        self._by: dict[tuple[str, str | None, str], Tally] = {}
        self._by_main_dealer: dict[str, Tally] = {}

    @contextmanager
    def call(self, main_dealer: str, dealer: str | None, module: str) -> Iterator[Tally]:
        """Count a call while it runs; the caller adds the documents it is answered with."""
        tally = self._by.setdefault((main_dealer, dealer, module), Tally())
        whole = self._by_main_dealer.setdefault(main_dealer, Tally())
        tally.start()
        whole.start()
        try:
            yield tally
        finally:
            tally.running -= 1
            whole.running -= 1

    def reset(self) -> None:
        """Forget all calls; those still running are not counted any more."""
        self._by.clear()
        self._by_main_dealer.clear()

    def summary(self, main_dealers: list[str], dealers: list[str], modules: list[str]) -> dict[str, Any]:
        """The tallies, filtered; an empty filter takes all."""
        rows = [
            {
                "main_dealer": main_dealer,
                "dealer": dealer,
                "module": module,
                "calls": tally.calls,
                "documents": tally.documents,
                "max_concurrent": tally.most_running,
            }
            for (main_dealer, dealer, module), tally in self._by.items()
            if (not main_dealers or main_dealer in main_dealers)
            and (not dealers or dealer in dealers)
            and (not modules or module in modules)
        ]
        return {
            "total": sum(row["calls"] for row in rows),
            "by": rows,
            "max_concurrent_by_main_dealer": {
                name: tally.most_running
                for name, tally in self._by_main_dealer.items()
                if not main_dealers or name in main_dealers
            },
        }
