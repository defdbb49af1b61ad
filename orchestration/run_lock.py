"""Whether the process of a run is alive: a lock in Dagster's database that ends with it, however it ends.

Dagster's own code server sees its runs die, but not when it dies with them, nor when Postgres is away at that moment;
and no process can be looked at from another container. A lock can.
"""

import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress

import psycopg2
from sqlalchemy import make_url

# The kind of lock, beside those of pull/locks.py: all databases may be one.
_RUN = 7_235_103
_KEEP_SECONDS = 2.0
# A run that lost its lock with the server takes it again within that time.
_PATIENCE_SECONDS = 10.0


@contextmanager
def alive(dagster_url: str, run_id: str) -> Iterator[None]:
    """Hold the run's lock in the block. A thread takes it again when the server was away."""
    ended, taken = threading.Event(), threading.Event()

    def hold() -> None:
        while not ended.is_set():
            with suppress(psycopg2.Error), _connected(dagster_url) as cursor:
                cursor.execute("select pg_advisory_lock(%s, %s)", (_RUN, _number(run_id)))
                taken.set()
                while not ended.wait(_KEEP_SECONDS):
                    cursor.execute("select 1")
            ended.wait(_KEEP_SECONDS / 4)

    keeper = threading.Thread(target=hold, name="run lock", daemon=True)
    keeper.start()
    taken.wait(_PATIENCE_SECONDS)
    try:
        yield
    finally:
        ended.set()
        keeper.join(_PATIENCE_SECONDS)


def is_alive(dagster_url: str, run_id: str, patience: float = _PATIENCE_SECONDS) -> bool:
    """Whether a process holds the run's lock, now or soon."""
    deadline = time.monotonic() + patience
    while True:
        with _connected(dagster_url) as cursor:
            cursor.execute("select pg_try_advisory_lock(%s, %s)", (_RUN, _number(run_id)))
            if cursor.fetchone() == (False,):
                return True
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.5)


@contextmanager
def _connected(url: str) -> Iterator["psycopg2.extensions.cursor"]:
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    connection = psycopg2.connect(plain, application_name="dagster run", connect_timeout=10)
    with closing(connection):
        connection.autocommit = True
        yield connection.cursor()


def _number(run_id: str) -> int:
    return zlib.crc32(run_id.encode()) - 2**31
