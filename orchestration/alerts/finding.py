"""What is wrong at the moment: the vocabulary of alerts. All that a finding holds may be sent to anybody's mailbox."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """What an incident is about; docs/alerts.md has a section for each."""

    FAILING = "failing"
    REFUSED = "refused"
    QUOTA = "quota"
    LATE = "late"
    UNREACHABLE = "unreachable"
    RUN = "run"
    QUALITY = "quality"
    REJECTED = "rejected"
    DRIFT = "drift"
    DISK = "disk"
    BACKUP = "backup"


@dataclass(frozen=True)
class Finding:
    """Something that is wrong now. Two of the same kind and cause are one incident, however many dealers they hit.

    `at_once` is for what will not mend itself. A notice says that something happened: it is told and then over.
    """

    kind: Kind
    cause: str
    title: str
    error: str
    remedy: str
    at_once: bool = True
    is_notice: bool = False
    since: datetime | None = None
    main_dealer_id: str | None = None
    keys: tuple[str, ...] = ()
    dealers: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    first: date | None = None
    last: date | None = None
    rerun: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()

    def details(self) -> dict[str, Any]:
        """The finding as JSON holds it; times are in UTC, so that they sort as text."""
        return {
            "title": self.title,
            "error": self.error,
            "remedy": self.remedy,
            "since": self.since.astimezone(UTC).isoformat() if self.since else None,
            "keys": list(self.keys),
            "dealers": list(self.dealers),
            "modules": list(self.modules),
            "first": self.first.isoformat() if self.first else None,
            "last": self.last.isoformat() if self.last else None,
            "rerun": list(self.rerun),
            "fields": list(self.fields),
        }
