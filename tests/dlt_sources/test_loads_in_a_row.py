"""Loads of one pull, one after another: while one goes to Postgres, the next is fetched and compared."""

import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any

import psycopg2
import pytest
from asking import DEALER, own_call
from loading import Raw
from sandbox_orders import today
from stand_in import Request, StandIn, records, stand_in

from dlt_sources.dgi.fetched import Fetched
from dlt_sources.dgi.fetching import Fetcher
from dlt_sources.dgi.loading import Loaded, load_all

pytestmark = pytest.mark.slow

KNOWN = {"OWN": frozenset([DEALER])}
WITHOUT_KEY = {"namaLengkap": "Nobody"}


def prospect(key: str, name: str) -> dict[str, Any]:
    created = (today() - timedelta(days=1)).strftime("%d/%m/%Y 08:00:00")
    return {"idProspect": key, "dealerId": DEALER, "namaLengkap": name, "createdTime": created, "modifiedTime": created}


class Row:
    """Loads of a call each in a thread, from a server that gives its answers one after another."""

    def __init__(self, server: StandIn, url: str, calls: int) -> None:
        self.taken: list[Fetched] = []
        self.second_is_taken = threading.Event()
        self.loads: list[Loaded] = []
        self.error: Exception | None = None
        fetcher = Fetcher([own_call(server.url, concurrency=1) for _ in range(calls)], KNOWN)

        def observed() -> Iterator[Fetched]:
            for one in fetcher:
                self.taken.append(one)
                if len(self.taken) == 2:
                    self.second_is_taken.set()
                yield one

        def work() -> None:
            try:
                for one in load_all(observed(), url, max_bytes=1):
                    self.loads.append(one)
            except Exception as error:
                self.error = error

        self.thread = threading.Thread(target=work)
        self.thread.start()


def answers(*each: list[dict[str, Any]]) -> Any:
    """The first answer to the first request, and so on; a second request of one call would take the next."""
    left = iter(each)

    def answer(request: Request) -> Any:
        return records(*next(left))

    return answer


def test_the_next_is_fetched_meanwhile_and_knows_what_is_not_committed_yet(raw: Raw) -> None:
    first, changed = prospect("P1", "A"), prospect("P1", "B")
    each = [[first, WITHOUT_KEY], [first, WITHOUT_KEY], [changed], [changed, WITHOUT_KEY], [changed]]
    with stand_in(answers(*each)) as server:
        with raw.held("prsp", writer_is_killed=False) as wait_for_writer:
            row = Row(server, raw.url, len(each))
            wait_for_writer()
            assert row.second_is_taken.wait(30)
            assert row.loads == []
        row.thread.join(60)
    assert row.error is None
    assert [[call.added for call in one.calls] for one in row.loads] == [[1], [0], [1], [0], [0]]
    assert all(not one.miscounted for one in row.loads)
    assert len({one.load_id for one in row.loads}) == len(each)
    names = [name for (name,) in raw.rows("prsp", "payload::jsonb ->> 'namaLengkap'")]
    assert names == ["A", "B"]
    assert len(raw.rows("rejected_record", "payload")) == 1
    assert len(raw.rows("api_call", "call_id")) == len(each)


@pytest.fixture
def without_p1(raw: Raw) -> Iterator[None]:
    """Postgres refuses P1."""
    with closing(psycopg2.connect(raw.url)) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        cursor.execute("alter table raw.prsp add constraint no_p1 check (document_key <> 'P1')")
        try:
            yield
        finally:
            cursor.execute("alter table raw.prsp drop constraint no_p1")


@pytest.mark.usefixtures("without_p1")
def test_what_follows_a_load_that_fails_is_not_loaded(raw: Raw) -> None:
    """The second load's calls found nothing new, for the first was to bring it: they must not count as arrived."""
    with stand_in(answers(*[[prospect("P1", "A")]] * 3)) as server:
        row = Row(server, raw.url, 3)
        row.thread.join(60)
    assert "no_p1" in str(row.error)
    assert row.loads == []
    assert raw.versions() == raw.rows("api_call", "call_id") == []
