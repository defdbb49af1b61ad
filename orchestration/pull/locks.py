"""Locks that end with the process that holds them, however it ends: Postgres' session-level advisory locks.

A dealer is loaded by one run at a time: only so does comparing with what raw knows stay exact. And each main dealer has
as many slots as requests may be under way at its server, over all runs: the equal of a Dagster pool for calls that are
made inside one step.
"""

import time
import zlib
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager

import psycopg2

_DEALER, _SLOT, _HOLD = 7_235_100, 7_235_101, 7_235_102
_POLL_SECONDS = 0.5
_TRY = "select name from unnest(%s::text[], %s::int[]) as n (name, number) where pg_try_advisory_lock(%s, number)"
_RELEASE = "select pg_advisory_unlock(%s, number) from unnest(%s::int[]) as n (number)"
_UNDER_WAY = """
    select exists (
        select from pg_locks
        join pg_database on pg_database.oid = pg_locks.database
        where locktype = 'advisory' and classid = %s and datname = current_database()
    )
"""


class Locks:
    """Takes locks on a connection of its own."""

    def __init__(self, connection: "psycopg2.extensions.connection") -> None:
        self._connection = connection

    @contextmanager
    def dealers(self, wanted: Iterable[str]) -> Iterator[list[str]]:
        """Lock as many of the dealers as are free, at least one: wait until one is. Yields those that are held."""
        waiting = list(wanted)
        while not (held := self._try(_DEALER, waiting)):
            time.sleep(_POLL_SECONDS)
        try:
            yield held
        finally:
            self._release(_DEALER, held)

    @contextmanager
    def slots(self, main_dealer_id: str, limit: int, wanted: int) -> Iterator[int]:
        """Hold up to `wanted` of a main dealer's `limit` slots, at least one: wait until one is free."""
        names = [f"{main_dealer_id}/{number}" for number in range(limit)]
        held: list[str] = []
        while not held:
            for name in names:
                if len(held) < wanted:
                    held += self._try(_SLOT, [name])
            if not held:
                time.sleep(_POLL_SECONDS)
        try:
            yield len(held)
        finally:
            self._release(_SLOT, held)

    def check(self) -> None:
        """Raise psycopg2.Error when the connection, and with it every lock, is lost."""
        with self._connection.cursor() as cursor:
            cursor.execute("select 1")

    def _try(self, kind: int, names: list[str]) -> list[str]:
        # Two names with the same number: a session may take its own lock twice and must then release it twice.
        with self._connection.cursor() as cursor:
            cursor.execute(_TRY, (names, [_number(name) for name in names], kind))
            return [row[0] for row in cursor.fetchall()]

    def _release(self, kind: int, names: list[str]) -> None:
        if self._connection.closed:
            return  # the locks went with the connection
        with self._connection.cursor() as cursor:
            numbers = [_number(name) for name in names]
            cursor.execute(_RELEASE, (kind, numbers))


@contextmanager
def open_locks(warehouse_url: str) -> Iterator[Locks]:
    """Locks on a new connection; all that are still held end with it."""
    with closing(psycopg2.connect(warehouse_url, application_name="dgi locks", keepalives_idle=30)) as connection:
        connection.autocommit = True
        yield Locks(connection)


@contextmanager
def holding_catch_up(warehouse_url: str) -> Iterator[None]:
    """As long as the block lasts nothing is caught up by itself: whoever is in it brings everything."""
    with closing(psycopg2.connect(warehouse_url, application_name="dgi first pull")) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_lock_shared(%s, 0)", (_HOLD,))
        yield


def is_catch_up_held(warehouse_url: str) -> bool:
    """Whether somebody is in such a block."""
    with closing(psycopg2.connect(warehouse_url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute("select pg_try_advisory_xact_lock(%s, 0)", (_HOLD,))
        (is_free,) = cursor.fetchone() or (True,)
    return not is_free


def is_pull_under_way(warehouse_url: str) -> bool:
    """Whether any dealer is being loaded, by whichever process."""
    with closing(psycopg2.connect(warehouse_url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(_UNDER_WAY, (_DEALER,))
        (under_way,) = cursor.fetchone() or (False,)
    return bool(under_way)


def _number(name: str) -> int:
    return zlib.crc32(name.encode()) - 2**31
