"""Reads `raw.api_call`: which windows have arrived since somebody asked for them."""

import json
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import psycopg2

from orchestration.pull.asked import Arrived, Partition, Place

_ARRIVED_SINCE = """
    select a.module, a.dealer_id, a.date_from, a.date_to, a.call_id, a.called_at, a.duration_ms, a.documents_by_day
    from raw.api_call as a
    join raw._dlt_loads as l on l.load_id = a._dlt_load_id and l.status = 0
    where a.called_at >= %(since)s
      and a.outcome in ('records', 'no_data')
      and a.dealer_id = any(%(dealers)s)
    order by a.called_at
"""
# So long what whole groups' calls were refused is remembered, and nobody tries again.
_TRIED_IN_VAIN = """
    select distinct a.main_dealer_id, a.api_key_name, a.module from raw.api_call as a
    where a.asked_alone is not null and a.called_at > now() - interval '1 day'
"""


@dataclass(frozen=True)
class LoggedCall:
    """A call that arrived and is committed."""

    call_id: str
    called_at: datetime
    seconds: float
    first: date
    last: date
    by_day: dict[str, dict[str, tuple[int, int]]]

    def arrived(self, partition: Partition) -> Arrived:
        """What the call says of one of its dates."""
        documents, size = self.by_day.get(partition.dealer_id, {}).get(partition.day.isoformat(), (0, 0))
        return Arrived(self.call_id, self.called_at, documents, size, self.seconds)


def arrived_since(warehouse_url: str, since: datetime, dealers: Iterable[str]) -> dict[Place, dict[date, LoggedCall]]:
    """For each module and dealer, the dates that a committed call covered which left at or after `since`."""
    found: dict[Place, dict[date, LoggedCall]] = {}
    with closing(psycopg2.connect(warehouse_url)) as connection, connection.cursor() as cursor:
        cursor.execute(_ARRIVED_SINCE, {"since": since, "dealers": list(dealers)})
        for module, dealer_id, first, last, call_id, called_at, duration_ms, by_day in cursor.fetchall():
            call = LoggedCall(call_id, called_at, duration_ms / 1000, first, last, json.loads(by_day or "{}"))
            days = found.setdefault((module, dealer_id), {})
            for n in range((last - first).days + 1):
                days[first + timedelta(days=n)] = call
    return found


def asked_apart(warehouse_url: str) -> set[tuple[str, str, str]]:
    """Main dealers, keys and modules of which a whole group's call was made in vain within the last day."""
    with closing(psycopg2.connect(warehouse_url)) as connection, connection.cursor() as cursor:
        cursor.execute(_TRIED_IN_VAIN)
        return {(main_dealer_id, key, module) for main_dealer_id, key, module in cursor.fetchall()}
