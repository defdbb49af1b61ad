"""Counts requests against a key's daily quota, over all runs, before each leaves."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime

import psycopg2

from dlt_sources.dgi.server import Call

_RESERVE = """
    insert into registry.key_usage as u (api_key_id, day, requests) values (%(key)s, %(day)s, 1)
    on conflict (api_key_id, day) do update set requests = u.requests + 1 where u.requests < %(quota)s
    returning requests
"""


class Quota:
    """Reserves requests. `key_ids` gives the registry's id of a key by main dealer and name."""

    def __init__(self, connection: "psycopg2.extensions.connection", key_ids: Mapping[tuple[str, str], int]) -> None:
        self._connection = connection
        self._key_ids = key_ids
        self._lock = threading.Lock()

    def may_call(self, call: Call) -> bool:
        """Count one request of the key's local day; False when its quota is used up. A key without quota is free."""
        if call.key.daily_quota is None:
            return True
        day = datetime.now(UTC).astimezone(call.server.zone).date()
        values = {"key": self._key_ids[call.server.id, call.key.name], "day": day, "quota": call.key.daily_quota}
        with self._lock, self._connection.cursor() as cursor:
            cursor.execute(_RESERVE, values)
            return cursor.fetchone() is not None


@contextmanager
def open_quota(warehouse_url: str, key_ids: Mapping[tuple[str, str], int]) -> Iterator[Quota]:
    """A quota counter on a connection of its own."""
    with closing(psycopg2.connect(warehouse_url, application_name="dgi quota")) as connection:
        connection.autocommit = True
        yield Quota(connection, key_ids)
