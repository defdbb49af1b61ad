"""Counts requests against a key's daily quota, over all runs, before each leaves."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime

import psycopg2

from dlt_sources.dgi.server import Call

# The quota as it is now: one that an admin has just changed counts for the very next request.
_RESERVE = """
    with asked as (
        select id, daily_quota, floor(daily_quota * %(share)s) as most from registry.api_key where id = %(key)s
    ), counted as (
        insert into registry.key_usage as u (api_key_id, day, requests)
        select id, %(day)s, 1 from asked where most >= 1
        on conflict (api_key_id, day) do update set requests = u.requests + 1
        where u.requests < (select most from asked)
        returning requests
    )
    select exists (select from counted) or not exists (select from asked where daily_quota is not null)
"""
_STATE = """
    select dealer.is_enabled, api_key.is_enabled, main_dealer.is_enabled, api_key.daily_quota is null
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
        # Calls about to leave, with a key that was seen to have no quota: nothing is to be counted for them.
        self._free: set[tuple[str, int]] = set()

    def may_call(self, call: Call) -> bool:
        """Count one request of the key's local day; False when its quota is used up. A key without quota is free."""
        key_id = self._key_id(call)
        if (call.id, key_id) in self._free:
            self._free.remove((call.id, key_id))
            return True
        day = datetime.now(UTC).astimezone(call.server.zone).date()
        with self._lock, self._connection.cursor() as cursor:
            cursor.execute(_RESERVE, {"key": key_id, "day": day, "share": self._share})
            ((may,),) = cursor.fetchall()
        return bool(may)

    def objection(self, call: Call) -> str | None:
        """Why a call that a run has planned is not to be made any more, or None: then it is made at once."""
        key_id = self._key_id(call)
        with self._lock, self._connection.cursor() as cursor:
            cursor.execute(_STATE, {"key": key_id, "dealer": call.dealer_id})
            dealer, key, main_dealer, is_free = cursor.fetchone() or (False, False, False, False)
        if not dealer:
            return f"not asked: dealer {call.dealer_id} has been disabled"
        if not key:
            return f"not asked: key {call.key.name} has been disabled"
        if not main_dealer:
            return f"not asked: main dealer {call.server.id} has been disabled"
        (self._free.add if is_free else self._free.discard)((call.id, key_id))
        return None

    def _key_id(self, call: Call) -> int:
        return self._key_ids[call.server.id, call.key.name]


@contextmanager
def open_quota(warehouse_url: str, key_ids: Mapping[tuple[str, str], int], share: float = 1.0) -> Iterator[Quota]:
    """A quota counter on a connection of its own."""
    with closing(psycopg2.connect(warehouse_url, application_name="dgi quota")) as connection:
        connection.autocommit = True
        yield Quota(connection, key_ids, share)
