"""What a message says: who and what, when, why, and what to do about it. No secrets, no personal data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

import psycopg2

from orchestration.alerts.finding import Kind
from orchestration.settings import Settings

# The title of dates that will not come back: when that is no news any more, nothing has recovered.
LOST = "dates are lost"
_SHOWN = 5
_HOME_ZONE = "Asia/Jakarta"
_MAIN_DEALER = """
    select name, time_zone, (
        select count(*) from registry.dealer where main_dealer_id = main_dealer.id and is_enabled
    ) from registry.main_dealer as main_dealer where id = %s
"""
_NAMES = "select id, name from registry.dealer where id = any(%s)"
_OVER = {
    Kind.FAILING: "Everything that had failed has been fetched since, or is no longer to be fetched.",
    Kind.REFUSED: "Everything that was refused has been fetched since, or is no longer to be fetched.",
    Kind.QUOTA: "The key can be used again, and what was missing has been fetched.",
    Kind.LATE: "It is fetched again, or is no longer to be fetched.",
    Kind.UNREACHABLE: "No date is about to be lost any more.",
    Kind.RUN: "Its newest run has succeeded.",
    Kind.QUALITY: "No check found an error when they last ran.",
    Kind.REJECTED: "No more records are rejected than usual.",
    Kind.DISK: "There is room again.",
    Kind.BACKUP: "There is a recent backup.",
}


class Occasion(StrEnum):
    """Why a message is written. The value begins its title."""

    OPENED = ""
    GROWN = "More dealers: "
    STILL = "Still: "
    OVER = "Recovered: "


@dataclass(frozen=True)
class Message:
    """A message as it is sent."""

    title: str
    body: str


class Writer:
    """Writes messages; looks names up on `cursor`."""

    def __init__(self, settings: Settings, cursor: "psycopg2.extensions.cursor", now: datetime) -> None:
        self._settings = settings
        self._cursor = cursor
        self._now = now

    def write(self, occasion: Occasion, kind: str, main_dealer_id: str | None, details: Mapping[str, Any]) -> Message:
        """The message on an incident."""
        name, zone, dealers = self._main_dealer(main_dealer_id)
        lines: dict[str, str] = {}
        if main_dealer_id:
            lines["Main dealer"] = f"{main_dealer_id} {name}".strip()
        if details["dealers"]:
            lines["Dealers"] = self._dealers(details["dealers"], dealers)
        if details["modules"]:
            lines["Modules"] = f"{len(details['modules'])}: {', '.join(details['modules'])}"
        if details["keys"]:
            lines["Key"] = _first(details["keys"])
        if details["first"]:
            lines["Dates"] = details["first"] + (
                f" to {details['last']}" if details["last"] != details["first"] else ""
            )
        lines["It was" if occasion is Occasion.OVER else "Error"] = details["error"]
        lines["Since"] = _moment(datetime.fromisoformat(details["since"]), zone)
        if occasion is Occasion.OVER:
            lines["Over"] = f"{_moment(self._now, zone)}. {_OVER[Kind(kind)]}"
        else:
            lines["Now"] = _moment(self._now, zone)
            lines["What to do"] = details["remedy"]
            if rerun := self._rerun(kind, details):
                lines["Run again"] = rerun[0]
                lines |= {" " * n: text for n, text in enumerate(rerun[1:], start=1)}
        width = max(map(len, lines)) + 2
        body = "\n".join(
            f"{label.strip() + ':' if label.strip() else '':<{width}}{text}" for label, text in lines.items()
        )
        begins = "Over: " if occasion is Occasion.OVER and details["title"] == LOST else occasion.value
        return Message(begins + self._subject(main_dealer_id, details), body)

    def _subject(self, main_dealer_id: str | None, details: Mapping[str, Any]) -> str:
        counts = [
            f"{len(details[name]):,} {name if len(details[name]) != 1 else name[:-1]}"
            for name in ("dealers", "modules")
            if details[name]
        ]
        subject = f"{main_dealer_id}: {details['title']}" if main_dealer_id else str(details["title"])
        return subject + (f" ({', '.join(counts)})" if counts else "")

    def _main_dealer(self, main_dealer_id: str | None) -> tuple[str, str, int]:
        self._cursor.execute(_MAIN_DEALER, (main_dealer_id,))
        return self._cursor.fetchone() or ("", _HOME_ZONE, 0)

    def _dealers(self, hit: Sequence[str], of: int) -> str:
        self._cursor.execute(_NAMES, (list(hit[:_SHOWN]),))
        names = dict(self._cursor.fetchall())
        named = _first([f"{dealer_id} {names.get(dealer_id, '')}".strip() for dealer_id in hit], len(hit))
        return f"{len(hit):,} of {of:,}: {named}"

    def _rerun(self, kind: str, details: Mapping[str, Any]) -> list[str]:
        base = self._settings.dagster_url
        lines = []
        for place in details["rerun"]:
            if place.startswith("runs/"):
                lines.append(f"its run: {base}/{place}")
            else:
                lines.append(f"job {place}: {base}/locations/dealer_dashboard/jobs/{place}/playground")
        if details["first"] and (kind != Kind.UNREACHABLE or details["remedy"].startswith("Fetch")):
            lines.append(pull_command(details))
        return lines


def pull_command(details: Mapping[str, Any]) -> str:
    """The command that fetches an incident's dates; of many dealers or modules, those of all."""
    command = f"uv run dealers pull --from {details['first']} --to {details['last']}"
    for option, names in (("--dealer", details["dealers"]), ("--module", details["modules"])):
        if len(names) <= _SHOWN:
            command += "".join(f" {option} {name}" for name in names)
    return command


def _first(names: Sequence[str], total: int | None = None) -> str:
    more = (total or len(names)) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more:,} more" if more > 0 else "")


def _moment(moment: datetime, zone: str) -> str:
    local = moment.astimezone(ZoneInfo(zone))
    return f"{local:%Y-%m-%d %H:%M} in {zone}, {moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
