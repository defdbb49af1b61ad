"""The dlt source: one resource for each endpoint, one for the call log and one for rejected records.

All read from the same stream of batches, so calls of many modules and dealers go side by side and end in one load
package: documents, call log and rejected records are committed together or not at all.
"""

import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing

import dlt
import psycopg2
import pyarrow as pa
from dlt.common.schema.typing import TColumnSchema, TSchemaContractDict
from dlt.common.schema.utils import new_table
from dlt.destinations import postgres
from dlt.destinations.impl.postgres.postgres import PostgresParquetCopyJob
from dlt.extract import DltResource

from dlt_sources.dgi.raw_schema import make_beside
from dlt_sources.dgi.tables import SCHEMAS, Tables, dlt_columns

SOURCE_NAME = "dgi"
DATASET = "raw"
_CONTRACT: TSchemaContractDict = {"columns": "freeze", "data_type": "freeze"}
# What the Parquet normaliser adds to every row, as it would describe it.
_LOAD_ID: TColumnSchema = {
    "name": "_dlt_load_id",
    "data_type": "text",
    "nullable": False,
    "precision": 64,
    "description": "Load identifier linking this row to its load operation",
}


def dgi_source(batches: Callable[[], Iterator[Tables]]) -> "dlt.sources.DltSource":
    """The source over `batches`, a function that gives the rows to add, by table, batch after batch.

    The schema has the columns: resources that had them too would cost each load a fifth of a second.
    """

    @dlt.source(schema=_schema(), max_table_nesting=0)
    def dgi() -> Iterable[DltResource]:
        answers = dlt.resource(batches, name="answers", selected=False)
        for name in SCHEMAS:
            yield dlt.transformer(
                _pick(name),
                data_from=answers,
                name=name,
                write_disposition="append",
                file_format="parquet",
                schema_contract=_CONTRACT,
            )

    return dgi()


def create_tables(warehouse_url: str) -> None:
    """Make the raw tables, or add the columns they lack, and what stands beside them: indexes, view, protection.

    Any number of processes may do so at once: an advisory lock lets one at a time, for `if not exists` alone does not.
    """
    with closing(psycopg2.connect(warehouse_url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtext('raw tables of dgi'))")
        with tempfile.TemporaryDirectory(prefix="dgi-schema-") as folder:
            pipeline = pipeline_in(folder, warehouse_url)
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


def pipeline_in(folder: str, warehouse_url: str) -> dlt.Pipeline:
    """A pipeline that keeps what it has in hand in `folder`, and into schema `raw` of a libpq address."""
    dlt.config["normalize.parquet_normalizer.add_dlt_load_id"] = True
    dlt.config["data_writer.disable_compression"] = True
    dlt.config["runtime.dlthub_telemetry"] = False
    dlt.config["runtime.log_level"] = "ERROR"
    # Each batch goes its whole way before the next: taking turns, dlt has a dozen in memory.
    dlt.config["extract.next_item_mode"] = "fifo"
    # Rows that are in memory together on their way to Postgres. By itself dlt has the whole file there, for the driver
    # makes one table of all that it is given before it sends a row; so each group is given alone, as for MS SQL.
    dlt.config["data_writer.row_group_size"] = 2000
    PostgresParquetCopyJob._ingest_per_rowgroup = True
    # It would take a twelfth of a pull, for files that are gone a second later.
    dlt.config["data_writer.compression"] = "none"
    # There is no state to carry over: what was loaded is looked up in raw itself.
    dlt.config["restore_from_destination"] = False
    return dlt.pipeline(
        pipeline_name=SOURCE_NAME,
        pipelines_dir=folder,
        destination=postgres(credentials=warehouse_url),
        dataset_name=DATASET,
    )


def _pick(name: str) -> Callable[[Tables], Iterator[pa.Table]]:
    def rows(tables: Tables) -> Iterator[pa.Table]:
        if name in tables:
            yield tables[name]

    return rows
