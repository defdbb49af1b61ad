"""Would tables partitioned by month serve better? Two years of versions and facts, in one table and in 24 partitions.

Raw is asked what a pull and a transform ask: the newest versions of documents by dealer and key, whichever month they
are of, and all of a load. Facts are asked what charts ask: sums by day, of a month, of two years, of a dealer. Each
question goes to the one and the other in turn, so that what else the machine does hits both.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import click
import psycopg2
from rich.console import Console
from rich.table import Table

from benchmarks.drawing import draw_bars
from orchestration.settings import ROOT
from stack import postgres

sys.path.insert(0, str(ROOT / "tests"))
from servers import unused_port

SIZES = {"S": 240_000, "M": 1_200_000, "L": 4_800_000}
MONTHS, DEALERS, LOADS, ROUNDS = 24, 1_000, 2_000, 9
LOOKED_UP, ADDED = 5_000, 10_000
WHOLE, BY_MONTH = "whole", "by_month"

_TABLES = """
    create schema {schema};
    create table {schema}.raw (
        dealer_id text, document_key text, called_at timestamptz, call_id text, content_hash text, payload text,
        is_deleted boolean, _dlt_load_id text
    ) {raw_by};
    create table {schema}.fact (
        document_id uuid, dealer_id text, day date, status text, amount numeric, unit_type text
    ) {fact_by};
"""
_PARTITION = """
    create table {schema}.raw_{month} partition of {schema}.raw
    for values from (timestamptz '2024-01-01' + interval '{month} months')
        to (timestamptz '2024-01-01' + interval '{next} months');
    create table {schema}.fact_{month} partition of {schema}.fact
    for values from ((date '2024-01-01' + interval '{month} months')::date)
        to ((date '2024-01-01' + interval '{next} months')::date);
"""
# Two versions of each document, some weeks apart; a load has rows of all dealers.
_ROWS = """
    insert into {schema}.raw
    select
        lpad(mod(document, {dealers})::text, 5, '0'), 'D/' || document,
        timestamptz '2024-01-01' + (n::float / {rows}) * interval '729 days', 'call/' || n / 50, md5(n::text),
        repeat(md5(n::text), 25), false, (n * {loads}::bigint / {rows})::text
    from (select n, (n - case when mod(n, 2) = 1 and n > 20001 then 20001 else mod(n, 2) end) / 2 as document
        from generate_series({first}, {last}) as n) as numbers;
    insert into {schema}.fact
    select
        gen_random_uuid(), lpad(mod(n, {dealers})::text, 5, '0'),
        (date '2024-01-01' + (n::float / {rows}) * interval '729 days')::date, 'S' || mod(n, 4), mod(n, 1000) * 1000,
        'T' || mod(n, 30)
    from generate_series({first}, {last}) as n;
"""
# Those of raw as the pull has them, those of facts as dbt has them.
_INDEXES = """
    create index on {schema}.raw (dealer_id, document_key, called_at desc, call_id desc);
    create index on {schema}.raw (_dlt_load_id);
    create index on {schema}.fact (dealer_id, day);
    create index on {schema}.fact (day);
"""
_QUESTIONS = {
    f"pull: newest versions of {LOOKED_UP:,} documents": """
        select count(v.content_hash)
        from generate_series(1, {looked_up}) as n
        cross join lateral (select {rows} / 2 - 1 - n * {step} as document) as d
        cross join lateral (
            select r.content_hash from {schema}.raw as r
            where r.dealer_id = lpad(mod(d.document, {dealers})::text, 5, '0') and r.document_key = 'D/' || d.document
            order by r.called_at desc, r.call_id desc limit 1
        ) as v""",
    "transform: all rows of a load": """
        select count(*), sum(length(payload)) from {schema}.raw where _dlt_load_id = '{load}'""",
    "chart: a month, by day": """
        select day, sum(amount) from {schema}.fact where day >= '2025-11-20' and day < '2025-12-20' group by day""",
    "chart: two years, by day": "select day, sum(amount) from {schema}.fact group by day",
    "chart: two years of a dealer, by status": """
        select status, count(*) from {schema}.fact where dealer_id = '00042' group by status""",
}
_ADDED = f"pull: {ADDED:,} rows more"


@click.command()
@click.option("--size", type=click.Choice(list(SIZES)), default="S", show_default=True)
def main(size: str) -> None:
    """Measure both."""
    rows = SIZES[size]
    with (
        tempfile.TemporaryDirectory() as folder,
        postgres.throwaway(Path(folder), unused_port(), "throwaway") as server,
        closing(psycopg2.connect(server)) as connection,
    ):
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("set jit = off")
            found = _measured(cursor, rows)
    table = Table(title=f"{rows:,} rows of two years, milliseconds, median of {ROUNDS}")
    for heading in ("", "one table", f"{MONTHS} partitions", "ratio"):
        table.add_column(heading, justify="right" if heading else "left")
    for question, (whole, by_month) in found.items():
        table.add_row(question, f"{whole:,.1f}", f"{by_month:,.1f}", f"{by_month / whole:.2f}")
    Console().print(table)
    draw_bars(
        f"by-month-{size}",
        f"{rows:,} rows: time with {MONTHS} partitions, % of one table's",
        {question.partition(":")[2].strip()[:30]: 100 * late / early for question, (early, late) in found.items()},
    )


def _measured(cursor: "psycopg2.extensions.cursor", rows: int) -> dict[str, tuple[float, float]]:
    values = {"rows": rows, "dealers": DEALERS, "loads": LOADS, "looked_up": LOOKED_UP, "load": LOADS - 7}
    values["step"] = max(1, rows // 2 // LOOKED_UP // 3)
    for schema in (WHOLE, BY_MONTH):
        _make(cursor, schema, values)
    found = {}
    for question, query in _QUESTIONS.items():
        statements = {schema: query.format(schema=schema, **values) for schema in (WHOLE, BY_MONTH)}
        assert len({_answer(cursor, statement) for statement in statements.values()}) == 1, question
        found[question] = _medians(cursor, statements.values())
    more = {
        schema: _ROWS.format(schema=schema, first=rows - ADDED, last=rows - 1, **values) for schema in (WHOLE, BY_MONTH)
    }
    found[_ADDED] = _medians(cursor, more.values())
    return found


def _make(cursor: "psycopg2.extensions.cursor", schema: str, values: dict[str, int]) -> None:
    by = [f"partition by range ({column})" if schema == BY_MONTH else "" for column in ("called_at", "day")]
    cursor.execute(_TABLES.format(schema=schema, raw_by=by[0], fact_by=by[1]))
    if schema == BY_MONTH:
        for month in range(MONTHS):
            cursor.execute(_PARTITION.format(schema=schema, month=month, next=month + 1))
    cursor.execute(_ROWS.format(schema=schema, first=0, last=values["rows"] - 1, **values))
    cursor.execute(_INDEXES.format(schema=schema))
    cursor.execute("vacuum analyze")


def _answer(cursor: "psycopg2.extensions.cursor", statement: str) -> str:
    cursor.execute(statement)
    return str(sorted(cursor.fetchall(), key=str))


def _medians(cursor: "psycopg2.extensions.cursor", statements: Iterable[str]) -> tuple[float, float]:
    """Milliseconds of each of two statements, asked in turn."""
    both = list(statements)
    taken: list[list[float]] = [[], []]
    for _ in range(ROUNDS):
        for times, statement in zip(taken, both, strict=True):
            started = time.perf_counter()
            cursor.execute(statement)
            times.append(1000 * (time.perf_counter() - started))
    return statistics.median(taken[0]), statistics.median(taken[1])


if __name__ == "__main__":
    main()
