"""Loads fetched calls into raw: what is new of them, and the log of every call, committed together or not at all."""

import gc
import sys
from collections.abc import Generator, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime

import psycopg2
from psycopg2 import sql

from dlt_sources.dgi.erased import Erased
from dlt_sources.dgi.fetched import Fetched
from dlt_sources.dgi.known import Known
from dlt_sources.dgi.server import Call
from dlt_sources.dgi.source import dgi_source, pipeline_in
from dlt_sources.dgi.tables import Tables, to_tables
from dlt_sources.dgi.verdicts import Outcome
from dlt_sources.dgi.working_folder import working_folder

# A batch is flushed when it holds that much: large enough for Arrow to pay, small enough for memory.
_BATCH_BYTES = 4 * 1024 * 1024
_BATCH_CALLS = 2000
# While a load of this size goes to Postgres, the next is fetched. One that is killed is fetched again whole.
LOAD_BYTES = 64 * 1024 * 1024
# So many new objects until Python looks for cycles among them, in place of 700 (see _looking_for_cycles_rarely).
_NEW_OBJECTS = 20_000


@dataclass(frozen=True)
class LoadedCall:
    """A call whose end is committed: how it ended, and how many rows it was to add to its raw table."""

    call: Call
    outcome: Outcome
    reason: str | None
    called_at: datetime
    seconds: float
    attempts: int
    documents: int
    rejected: int
    added: int
    by_day: Mapping[tuple[str, date], tuple[int, int]]


@dataclass
class Loaded:
    """A committed load. `miscounted` are the calls whose rows in raw are not as many as they should be."""

    load_id: str | None = None
    calls: list[LoadedCall] = field(default_factory=list)
    miscounted: dict[str, str] = field(default_factory=dict)


def load_all(
    fetched: Iterable[Fetched], warehouse_url: str, run_id: str | None = None, max_bytes: int = LOAD_BYTES
) -> Generator[Loaded, None, None]:
    """Load fetched calls in pieces of about `max_bytes` of documents; while one goes to Postgres, the next is fetched.

    `warehouse_url` is a libpq address. Yields each load once it is committed, in the order of the calls. Raises dlt's
    error when one is not, and then nothing of it or of what comes after it is visible to readers of committed loads.
    """
    before: Future[Loaded] | None = None
    with (
        _looking_for_cycles_rarely(),
        closing(psycopg2.connect(warehouse_url)) as connection,
        ExitStack() as folders,
        ThreadPoolExecutor(1, thread_name_prefix="load") as loader,
    ):
        connection.autocommit = True
        known = Known(connection)
        for piece in in_loads(fetched, max_bytes):
            package = _Package(warehouse_url, folders.enter_context(ExitStack()))
            package.fill(piece, known, Erased(connection), run_id)
            if before:
                yield _counted(connection, before.result())
            known.next_load()
            before = loader.submit(package.load)
        if before:
            yield _counted(connection, before.result())


@contextmanager
def _looking_for_cycles_rarely() -> Iterator[None]:
    """Documents come by the million and are in no cycle: looking through them again and again cost a part of a pull."""
    usual = gc.get_threshold()
    gc.set_threshold(_NEW_OBJECTS, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)


def load(fetched: Iterable[Fetched], warehouse_url: str, run_id: str | None = None) -> Loaded:
    """One load of all that is fetched, as `load_all` makes several."""
    loads = list(load_all(fetched, warehouse_url, run_id, sys.maxsize))
    return loads[0] if loads else Loaded()


def in_loads(fetched: Iterable[Fetched], max_bytes: int = LOAD_BYTES) -> Iterator[Iterator[Fetched]]:
    """Fetched calls in pieces of about `max_bytes` of documents, for one load each. Use up each before the next."""
    rest = iter(fetched)

    def piece(one: Fetched | None) -> Iterator[Fetched]:
        size = 0
        while one is not None:
            yield one
            size += one.size
            one = next(rest, None) if size < max_bytes else None

    for first in rest:
        yield piece(first)


class _Package:
    """One load. Its working folder is its own and goes with it: a killed load is fetched again rather than resumed."""

    def __init__(self, warehouse_url: str, ends: ExitStack) -> None:
        self._ends = ends
        self._pipeline = pipeline_in(ends.enter_context(working_folder()), warehouse_url)
        self._loaded = Loaded()

    def fill(self, fetched: Iterable[Fetched], known: Known, erased: Erased, run_id: str | None) -> None:
        """Bring into the folder what is new of the calls."""

        def batches() -> Iterator[Tables]:
            for batch in _batched(fetched):
                erased.redact(batch)
                known.settle(batch)
                erased.redact_rejected(batch)
                yield from to_tables(batch, run_id, _BATCH_BYTES)
                for one in batch:
                    self._loaded.calls.append(_ended(one))
                    one.let_go()

        self._pipeline.extract(dgi_source(batches))
        self._pipeline.normalize()

    def load(self) -> Loaded:
        """Bring it to Postgres."""
        with self._ends:
            info = self._pipeline.load()
            info.raise_on_failed_jobs()
            self._loaded.load_id = info.loads_ids[0] if info.loads_ids else None
            return self._loaded


def _ended(fetched: Fetched) -> LoadedCall:
    answer = fetched.answer
    return LoadedCall(
        call=fetched.call,
        outcome=answer.outcome,
        reason=answer.reason,
        called_at=answer.called_at,
        seconds=(answer.answered_at - answer.called_at).total_seconds(),
        attempts=answer.attempts,
        documents=len(fetched.reading.documents),
        rejected=len(fetched.reading.rejected),
        added=len(fetched.new_documents) + len(fetched.missing),
        by_day=fetched.by_day,
    )


def _counted(connection: "psycopg2.extensions.connection", loaded: Loaded) -> Loaded:
    loaded.miscounted = _miscounted(connection, loaded)
    return loaded


def _miscounted(connection: "psycopg2.extensions.connection", loaded: Loaded) -> dict[str, str]:
    """Count what the load put into raw against what its calls were to add: the differences in words, by call."""
    there: dict[str, int] = {}
    modules = {ended.call.module for ended in loaded.calls if ended.added}
    with connection.cursor() as cursor:
        for module in modules:
            query = "select call_id, count(*) from raw.{} where _dlt_load_id = %s group by call_id"
            cursor.execute(sql.SQL(query).format(sql.Identifier(module)), (loaded.load_id,))
            there |= dict(cursor.fetchall())
    return {
        ended.call.id: f"{there.get(ended.call.id, 0)} rows are in raw.{ended.call.module}, {ended.added} were to be"
        for ended in loaded.calls
        if there.get(ended.call.id, 0) != ended.added
    }


def _batched(fetched: Iterable[Fetched]) -> Iterator[list[Fetched]]:
    batch: list[Fetched] = []
    size = 0
    for one in fetched:
        batch.append(one)
        size += one.size
        if size >= _BATCH_BYTES or len(batch) >= _BATCH_CALLS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
