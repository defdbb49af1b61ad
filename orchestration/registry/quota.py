"""Counts requests against a key's daily quota, over all runs, before each leaves."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime

import psycopg2

from dlt_sources.dgi.server import Call

# The quota as it is now: one that an admin has just changed counts for the very next request.
_RESERVE = """
    insert into registry.key_usage as u (api_key_id, day, requests)
    select id, %(day)s, 1 from registry.api_key where id = %(key)s and floor(daily_quota * %(share)s) >= 1
    on conflict (api_key_id, day) do update set requests = u.requests + 1
    where u.requests < (select floor(daily_quota * %(share)s) from registry.api_key where id = u.api_key_id)
    returning requests
"""
_STATE = """
    select api_key.daily_quota, dealer.is_enabled, api_key.is_enabled, main_dealer.is_enabled
    from registry.api_key as api_key
    join registry.main_dealer as main_dealer on main_dealer.id = api_key.main_dealer_id
    left join registry.dealer as dealer on dealer.id = %(dealer)s
    where api_key.id = %(key)s
"""


class Quota:
    """What the registry says of a call in the moment that it would leave.

    `key_ids` gives the registry's id of a key by main dealer and name. `share` is how much of a daily quota may be used
    up when these calls are made: the rest is kept for others.
    """

    def __init__(
        self,
        connection: "psycopg2.extensions.connection",
        key_ids: Mapping[tuple[str, str], int],
        share: float = 1.0,
    ) -> None:
        self._connection = connection
        self._key_ids = key_ids
        self._share = share
        self._lock = threading.Lock()

    def may_call(self, call: Call) -> bool:
        """Count one request of the key's local day; False when its quota is used up. A key without quota is free."""
        day = datetime.now(UTC).astimezone(call.server.zone).date()
        values = {"key": self._key_id(call), "day": day, "share": self._share}
        with self._lock, self._connection.cursor() as cursor:
            cursor.execute(_RESERVE, values)
            if cursor.fetchone() is not None:
                return True
        return self._state(call)[0] is None

    def objection(self, call: Call) -> str | None:
        """Why a call that a run has planned is not to be made any more, or None."""
        _, dealer, key, main_dealer = self._state(call)
        if not dealer:
            return f"not asked: dealer {call.dealer_id} has been disabled"
        if not key:
            return f"not asked: key {call.key.name} has been disabled"
        return None if main_dealer else f"not asked: main dealer {call.server.id} has been disabled"

    def _key_id(self, call: Call) -> int:
        return self._key_ids[call.server.id, call.key.name]

    def _state(self, call: Call) -> tuple[int | None, bool, bool, bool]:
        with self._lock, self._connection.cursor() as cursor:
            cursor.execute(_STATE, {"key": self._key_id(call), "dealer": call.dealer_id})
            found: tuple[int | None, bool, bool, bool] | None = cursor.fetchone()
        return found or (None, False, False, False)


@contextmanager
def open_quota(warehouse_url: str, key_ids: Mapping[tuple[str, str], int], share: float = 1.0) -> Iterator[Quota]:
    """A quota counter on a connection of its own."""
    with closing(psycopg2.connect(warehouse_url, application_name="dgi quota")) as connection:
        connection.autocommit = True
        yield Quota(connection, key_ids, share)
