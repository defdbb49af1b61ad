"""What tests order of a running sandbox and ask of it: faults, its clock, extra records, the truth, its calls."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import requests

BOOK, MIXED = "Q7X", "K4B"  # the main dealer that answers by the book, and the one that shows the differences


def today() -> date:
    """The date in Jakarta, as the partitions count it."""
    return (datetime.now(UTC) + timedelta(hours=7)).date()


def dates_back(days: int) -> list[date]:
    """The last `days` dates, today included, oldest first."""
    return [today() - timedelta(days=n) for n in reversed(range(days))]


class Sandbox:
    """Orders things of the sandbox and asks for its truth."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._session = requests.Session()
        self.fleet: dict[str, Any] = self._get("/sandbox/fleet")

    def dealers(self, main_dealer: str) -> list[str]:
        return [dealer["id"] for dealer in self.fleet["dealers"] if dealer["main_dealer"] == main_dealer]

    def truth(self, **filters: Any) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self._get("/sandbox/truth", **filters)["rows"]
        return rows

    def fault(self, kind: str, **where: Any) -> None:
        owners = {dealer["id"]: dealer["main_dealer"] for dealer in self.fleet["dealers"]}
        place = {"main_dealer": owners.get(where.get("dealer", "")), "dealer": None, "module": None}
        body = {**place, "times": None, "after": 0, "kind": kind, **where}
        self._session.post(f"{self.url}/sandbox/faults", json=body, timeout=30).raise_for_status()

    def set_clock(self, now: datetime | None) -> None:
        body = {"now": now.isoformat() if now else None}
        self._session.post(f"{self.url}/sandbox/clock", json=body, timeout=30).raise_for_status()

    def add_documents(self, main_dealer: str, dealer: str, module: str, day: date, **what: Any) -> None:
        body = {"main_dealer": main_dealer, "dealer": dealer, "module": module, "date": day.isoformat(), **what}
        self._session.post(f"{self.url}/sandbox/documents", json=body, timeout=30).raise_for_status()

    def calls(self, dealer: str | None = None) -> int:
        filters = {"dealer": dealer} if dealer else {}
        total: int = self._get("/sandbox/calls", **filters)["total"]
        return total

    def documents_sent(self) -> int:
        """Documents in all answers since the calls were forgotten; one that was sent twice counts twice."""
        return sum(row["documents"] for row in self._get("/sandbox/calls")["by"])

    def max_concurrent(self, main_dealer: str) -> int:
        """The most requests of a main dealer that were under way at once."""
        most: int = self._get("/sandbox/calls")["max_concurrent_by_main_dealer"][main_dealer]
        return most

    def forget_calls(self) -> None:
        self._session.delete(f"{self.url}/sandbox/calls", timeout=30).raise_for_status()

    def reset(self) -> None:
        for path in ("faults", "documents", "calls"):
            self._session.delete(f"{self.url}/sandbox/{path}", timeout=30).raise_for_status()
        self.set_clock(None)

    def _get(self, path: str, **filters: Any) -> Any:
        answer = self._session.get(self.url + path, params=filters, timeout=60)
        answer.raise_for_status()
        return answer.json()
