"""Keeps what is found as incidents in Postgres, and writes the messages that are due: each once, whoever looks.

Messages are written in the transaction that says they are; sending them is a matter of its own (delivery.py). So
neither a restart nor two that look at once lose or repeat one.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg2
from psycopg2.extras import Json

from orchestration.alerts.finding import Finding
from orchestration.alerts.messages import Occasion, Writer
from orchestration.alerts.survey import Survey
from orchestration.settings import Settings

# Any number that nothing else locks.
_LOCK = 7_235_002
_KEPT = "90 days"
_OPEN = """
    select id, kind, cause, main_dealer_id, first_seen_at, announced_at, announced_dealers, last_told_at, details
    from registry.incident where closed_at is null
"""
_ADD = """
    insert into registry.incident (kind, cause, main_dealer_id, first_seen_at, details, closed_at)
    values (%s, %s, %s, %s, %s, %s) returning id
"""
_WRITE = "insert into registry.alert_message (incident_id, title, body, written_at) values (%s, %s, %s, %s)"
_TOLD = """
    update registry.incident
    set announced_at = coalesce(announced_at, %(now)s), last_told_at = %(now)s, announced_dealers = %(dealers)s
    where id = %(id)s
"""


@dataclass(frozen=True)
class Incident:
    """A row of registry.incident that is open."""

    id: int
    kind: str
    cause: str
    main_dealer_id: str | None
    first_seen_at: datetime
    announced_at: datetime | None
    announced_dealers: int
    last_told_at: datetime | None
    details: dict[str, Any]


@contextmanager
def alone(connection: "psycopg2.extensions.connection") -> Iterator[bool]:
    """Whether nobody else is looking for incidents now; nobody will until the block ends."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_try_advisory_lock(%s)", (_LOCK,))
        (held,) = cursor.fetchone() or (False,)
        try:
            yield bool(held)
        finally:
            if held and not connection.closed:
                cursor.execute("select pg_advisory_unlock(%s)", (_LOCK,))


def open_incidents(cursor: "psycopg2.extensions.cursor") -> list[Incident]:
    """The incidents that are not over, oldest first."""
    cursor.execute(_OPEN + " order by first_seen_at, id")
    return [Incident(*row) for row in cursor.fetchall()]


def keep(connection: "psycopg2.extensions.connection", found: Survey, settings: Settings, now: datetime) -> int:
    """Open, update and close incidents after a survey, and write the messages that are due. Returns how many are open.

    Without ALERT_URLS nothing is written, and what is open then is told of when they are set.
    """
    with connection, connection.cursor() as cursor:
        keeper = _Keeper(cursor, settings, now)
        known = {(one.kind, one.cause): one for one in open_incidents(cursor)}
        current = {(finding.kind.value, finding.cause): finding for finding in found.findings}
        for place, finding in current.items():
            keeper.take(finding, known.get(place))
        for place, incident in known.items():
            if place not in current and incident.kind not in found.unknown:
                keeper.close(incident)
        cursor.execute(
            "delete from registry.alert_message where ended_at < %s - %s::interval", (now, _KEPT)
        )  # incidents stay: they are few, and say which drift has been told
        cursor.execute("select count(*) from registry.incident where closed_at is null")
        (count,) = cursor.fetchone() or (0,)
    return int(count)


class _Keeper:
    def __init__(self, cursor: "psycopg2.extensions.cursor", settings: Settings, now: datetime) -> None:
        self._cursor = cursor
        self._settings = settings
        self._now = now
        self._writer = Writer(settings, cursor, now)

    def take(self, finding: Finding, incident: Incident | None) -> None:
        """Open or update the finding's incident, and tell of it when that is due."""
        details = finding.details()
        details["since"] = details["since"] or self._now.isoformat()
        if incident is None:
            place = (finding.kind.value, finding.cause, finding.main_dealer_id)
            self._cursor.execute(_ADD, (*place, self._now, Json(details), self._now if finding.is_notice else None))
            (number,) = self._cursor.fetchone() or (0,)
            incident = Incident(number, *place, self._now, None, 0, None, details)
        else:
            details["since"] = min(incident.details["since"], details["since"])
            if details != incident.details:
                update = "update registry.incident set details = %s where id = %s"
                self._cursor.execute(update, (Json(details), incident.id))
        occasion = self._occasion(finding, incident)
        if occasion is not None:
            self._tell(occasion, incident, details)

    def close(self, incident: Incident) -> None:
        """End an incident; who heard of it hears that it is over."""
        self._cursor.execute("update registry.incident set closed_at = %s where id = %s", (self._now, incident.id))
        if incident.announced_at:
            self._tell(Occasion.OVER, incident, incident.details)

    def _occasion(self, finding: Finding, incident: Incident) -> Occasion | None:
        if incident.announced_at is None or incident.last_told_at is None:
            patience = timedelta(minutes=0 if finding.at_once else self._settings.alert_after_minutes)
            return Occasion.OPENED if self._now - incident.first_seen_at >= patience else None
        if len(finding.dealers) >= max(2 * incident.announced_dealers, incident.announced_dealers + 2):
            return Occasion.GROWN
        if self._now - incident.last_told_at >= timedelta(hours=self._settings.alert_remind_hours):
            return Occasion.STILL
        return None

    def _tell(self, occasion: Occasion, incident: Incident, details: dict[str, Any]) -> None:
        if not self._settings.alert_urls:
            return
        message = self._writer.write(occasion, incident.kind, incident.main_dealer_id, details)
        self._cursor.execute(_WRITE, (incident.id, message.title, message.body, self._now))
        self._cursor.execute(_TOLD, {"now": self._now, "dealers": len(details["dealers"]), "id": incident.id})
