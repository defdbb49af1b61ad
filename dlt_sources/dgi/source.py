"""The dlt source: one resource for each endpoint, one for the call log and one for rejected records.

All read from the same stream of batches, so calls of many modules and dealers go side by side and end in one load
package: documents, call log and rejected records are committed together or not at all.
"""

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date, datetime

import dlt
import psycopg2
import pyarrow as pa
from dlt.common.schema.typing import TColumnSchema, TSchemaContractDict
from dlt.common.schema.utils import new_table
from dlt.destinations import postgres
from dlt.extract import DltResource
from psycopg2 import sql

from dlt_sources.dgi.erased import Erased
from dlt_sources.dgi.fetched import Fetched
from dlt_sources.dgi.known import Known
from dlt_sources.dgi.raw_schema import make_beside
from dlt_sources.dgi.server import Call
from dlt_sources.dgi.tables import SCHEMAS, dlt_columns, to_tables
from dlt_sources.dgi.verdicts import Outcome
from dlt_sources.dgi.working_folder import working_folder

SOURCE_NAME = "dgi"
DATASET = "raw"
# A batch is flushed when it holds that much: large enough for Arrow to pay, small enough for memory.
_BATCH_BYTES = 24 * 1024 * 1024
_BATCH_CALLS = 2000
# A load holds about its own size in memory when it goes to Postgres, and a load that is killed is fetched again whole.
_LOAD_BYTES = 128 * 1024 * 1024
_CONTRACT: TSchemaContractDict = {"columns": "freeze", "data_type": "freeze"}
# What the Parquet normaliser adds to every row, as it would describe it.
_LOAD_ID: TColumnSchema = {
    "name": "_dlt_load_id",
    "data_type": "text",
    "nullable": False,
    "precision": 64,
    "description": "Load identifier linking this row to its load operation",
}

Tables = dict[str, pa.Table]


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


def dgi_source(batches: Callable[[], Iterator[Tables]]) -> "dlt.sources.DltSource":
    """The source over `batches`, a function that gives the rows to add, by table, batch after batch."""

    @dlt.source(schema=_schema(), max_table_nesting=0)
    def dgi() -> Iterable[DltResource]:
        answers = dlt.resource(batches, name="answers", selected=False)
        for name, schema in SCHEMAS.items():
            yield dlt.transformer(
                _pick(name),
                data_from=answers,
                name=name,
                columns=dlt_columns(schema),
                write_disposition="append",
                file_format="parquet",
                schema_contract=_CONTRACT,
            )

    return dgi()


def load(fetched: Iterable[Fetched], warehouse_url: str, run_id: str | None = None) -> Loaded:
    """Run one dlt load of fetched calls into `raw`: what is new of them, and the log of every call.

    `warehouse_url` is a libpq address. Returns when the load is committed; raises dlt's error when it is not, and then
    nothing of it is visible to readers of committed loads. The working folder is the load's own and goes with it:
    a killed load is fetched again rather than resumed.
    """
    loaded = Loaded()
    with closing(psycopg2.connect(warehouse_url)) as connection:
        connection.autocommit = True
        known, erased = Known(connection), Erased(connection)

        def batches() -> Iterator[Tables]:
            for batch in _batched(fetched):
                erased.redact(batch)
                known.settle(batch)
                erased.redact_rejected(batch)
                yield from to_tables(batch, run_id, _BATCH_BYTES)
                loaded.calls.extend(_ended(one) for one in batch)

        with working_folder() as folder:
            pipeline = _pipeline(warehouse_url, folder)
            info = pipeline.run(dgi_source(batches))
            info.raise_on_failed_jobs()
            loaded.load_id = info.loads_ids[0] if info.loads_ids else None
        loaded.miscounted = _miscounted(connection, loaded)
    return loaded


def in_loads(fetched: Iterable[Fetched], max_bytes: int = _LOAD_BYTES) -> Iterator[Iterator[Fetched]]:
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


def create_tables(warehouse_url: str) -> None:
    """Make the raw tables, or add the columns they lack, and what stands beside them: indexes, view, protection.

    Any number of processes may do so at once: an advisory lock lets one at a time, for `if not exists` alone does not.
    """
    with closing(psycopg2.connect(warehouse_url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtext('raw tables of dgi'))")
        with tempfile.TemporaryDirectory(prefix="dgi-schema-") as folder:
            pipeline = _pipeline(warehouse_url, folder)
            pipeline.extract(dgi_source(lambda: iter(())))
            pipeline.sync_schema()
        make_beside(cursor)


def _schema() -> dlt.Schema:
    """The raw tables as dlt's schema, complete before the first row: no load ever has to make or alter a table."""
    schema = dlt.Schema(SOURCE_NAME)
    for name, columns in SCHEMAS.items():
        table = new_table(
            name,
            columns=[*dlt_columns(columns), _LOAD_ID],
            write_disposition="append",
            file_format="parquet",
            schema_contract=_CONTRACT,
        )
        schema.update_table(table)
    return schema


def _pipeline(warehouse_url: str, folder: str) -> dlt.Pipeline:
    dlt.config["normalize.parquet_normalizer.add_dlt_load_id"] = True
    dlt.config["data_writer.disable_compression"] = True
    dlt.config["runtime.dlthub_telemetry"] = False
    dlt.config["runtime.log_level"] = "ERROR"
    # There is no state to carry over: what was loaded is looked up in raw itself.
    dlt.config["restore_from_destination"] = False
    return dlt.pipeline(
        pipeline_name=SOURCE_NAME,
        pipelines_dir=folder,
        destination=postgres(credentials=warehouse_url),
        dataset_name=DATASET,
    )


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


def _pick(name: str) -> Callable[[Tables], Iterator[pa.Table]]:
    def rows(tables: Tables) -> Iterator[pa.Table]:
        if name in tables:
            yield tables[name]

    return rows


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
