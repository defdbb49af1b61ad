"""Dagster's storages wait for a Postgres that starts again; those of the webserver do not keep people waiting."""

import signal
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Semaphore

import pytest
from sqlalchemy import event, make_url, text
from sqlalchemy.exc import OperationalError

from orchestration import storages
from orchestration.event_log import BatchingPostgresEventLogStorage
from orchestration.storages import OutlivesPostgres, RunStorage, ScheduleStorage
from stack import postgres
from stack.account import popen_as

pytestmark = pytest.mark.slow

KINDS = [RunStorage, ScheduleStorage, BatchingPostgresEventLogStorage]
# Of each; stock gives up after six.
ATTEMPTS = 8


@pytest.fixture
def dagster_url(server_url: str) -> str:
    return make_url(server_url).set(drivername="postgresql+psycopg2").render_as_string(hide_password=False)


def test_a_server_that_is_away_for_longer_than_stock_tries_is_waited_for(
    server: postgres.Server, dagster_url: str
) -> None:
    tried = Semaphore(0)

    def use(kind: type[OutlivesPostgres]) -> int:
        storage = kind(dagster_url, False)  # type: ignore[call-arg]
        event.listen(storage._engine, "do_connect", lambda *_: tried.release())
        with storage.connect() as connection:
            return int(connection.execute(text("select 42")).scalar_one())

    with ThreadPoolExecutor(len(KINDS)) as threads:
        waiting = [threads.submit(use, kind) for kind in KINDS]
        for _ in range(ATTEMPTS * len(KINDS)):
            assert tried.acquire(timeout=60), [one.exception() for one in waiting if one.done()]
        process = subprocess.Popen(server.command(), cwd="/", **popen_as(server.account))
        try:
            assert [one.result() for one in waiting] == [42] * len(KINDS)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)


@pytest.mark.parametrize("kind", KINDS)
def test_the_webserver_says_soon_that_it_is_away(
    kind: type[OutlivesPostgres], dagster_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storages, "_PATIENCE_OF_PEOPLE_SECONDS", 0.1)
    storage = kind(dagster_url, False)  # type: ignore[call-arg]
    storage.optimize_for_webserver(statement_timeout=1000, pool_recycle=1, max_overflow=1)
    with pytest.raises(OperationalError), storage.connect():
        pass


@pytest.mark.parametrize("kind", KINDS)
def test_the_webserver_may_count_for_longer_than_stock_lets_it(
    kind: type[OutlivesPostgres], new_database: Callable[[str], str]
) -> None:
    url = make_url(new_database("counting")).set(drivername="postgresql+psycopg2")
    storage = kind(url.render_as_string(hide_password=False), False)  # type: ignore[call-arg]
    storage.optimize_for_webserver(statement_timeout=15_000, pool_recycle=1, max_overflow=1)
    with storage.connect() as connection:
        assert connection.execute(text("show statement_timeout")).scalar_one() == "2min"
    storage._engine.dispose()
