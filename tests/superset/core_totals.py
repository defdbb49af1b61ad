"""What charts should show, by SQL on core alone: without the marts, dbt's macros and the datasets' expressions.

The files in `core_totals/` hold relations, written from `docs/metrics.md` and `docs/decisions/`. Of each,

- `rows` is SQL, whose column `day` is the date that a period chooses by;
- `sums` and `others` are metrics by the names that they have in the marts: sums add up over any breakdown; others
  (shares, averages, medians, distinct counts) do not;
- `tables` says which tables of rows show the relation: the mart, after "where" the chart's own condition, and columns.

In them, a document's table is core's without what was deleted at the source and with `made_on` (local day of its
creation, else of its fetching), `today` and `built_at`.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import psycopg2
import yaml

FOLDER = Path(__file__).with_suffix("")
FILES = ("sales", "units", "workshop", "parts", "journey", "operations")  # each may read the relations before it
Period = tuple[date, date]  # its first day and the day after its last
Found = dict[date | None, dict[str, Any]]
GRAINS = {"P1D": "day", "P1W": "week", "P1M": "month"}
# As of when the marts are is theirs to say. The moment is not written down, but ages of work in progress count from it.
PRELUDE = """
set search_path = core;
set time zone 'UTC';
create function pg_temp.chassis(text) returns text immutable language sql
    return case when length($1) = 17 and upper($1) like 'MH1%' then substr(upper($1), 4) else upper($1) end;
create temp table as_of as
    select main_dealer_id, max(as_of_date) as today,
        (select max(registered_at + make_interval(secs => in_progress_hours * 3600))
         from marts.fct_work_order) as built_at
    from marts.agg_freshness group by main_dealer_id;
create temp table days as
    select day::date as day from generate_series(
        (select min(day)::timestamp from marts.agg_dealer_daily), (select max(today)::timestamp from as_of), '1 day'
    ) as day;
"""
DOCUMENTS = """
    select table_name from information_schema.columns
    where table_schema = 'core' and column_name = 'is_deleted_at_source' order by table_name
"""
LIVING = """
    create temp view {document} as
    select document.*, (coalesce(created_time, received_at) at time zone time_zone)::date as made_on, today, built_at
    from core.{document} as document left join as_of using (main_dealer_id) where not is_deleted_at_source
"""


@dataclass(frozen=True)
class Figure:
    """A metric, or what a table shows: SQL over the rows of a relation."""

    relation: str
    columns: dict[str, str]  # name -> SQL
    adds_up: bool = True


@cache
def _relations() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for file in FILES:
        found |= yaml.safe_load((FOLDER / f"{file}.yaml").read_text())
    return found


@cache
def metrics() -> dict[str, Figure]:
    """Metric -> how core gives it."""
    return {
        name: Figure(relation, {name: sql}, kind == "sums")
        for relation, described in _relations().items()
        for kind in ("sums", "others")
        for name, sql in described.get(kind, {}).items()
    }


@cache
def tables() -> dict[str, Figure]:
    """Mart, with a condition of the chart's own after "where" -> how core gives its rows."""
    return {
        table: Figure(relation, columns)
        for relation, described in _relations().items()
        for table, columns in described.get("tables", {}).items()
    }


class Core:
    """The relations as views of a connection, and what is asked of them."""

    def __init__(self, connection: Any) -> None:
        self._cursor = connection.cursor()
        self._cursor.execute(PRELUDE)
        self._cursor.execute(DOCUMENTS)
        documents = [name for (name,) in self._cursor.fetchall()]
        for document in documents:
            self._cursor.execute(LIVING.format(document=document))
        every = " union all ".join(f"select id, dealer_id from {document}" for document in documents)
        self._cursor.execute(f"create temp view documents as {every}")
        for name, described in _relations().items():
            self._cursor.execute(f"create temp view {name} as {described['rows']}")
        self._cursor.execute("select min(today) from as_of")
        # The local day on which the marts were built, the earlier one where main dealers differ.
        self.today: date = self._cursor.fetchone()[0]
        self._asked: dict[tuple[str, Period | None, str | None], Found] = {}

    def figures(self, figure: Figure, period: Period | None, grain: str | None) -> Found:
        """The columns and the number of `rows` by the start of each day, week or month; without a grain under None.

        All that is known of a relation is asked for at once and kept: many charts show the same.
        """
        asked = figure.relation, period, grain
        if asked not in self._asked:
            self._asked[asked] = self._ask(*asked)
        return {
            start: {"rows": row["rows"]} | {name: row[sql] for name, sql in figure.columns.items()}
            for start, row in self._asked[asked].items()
        }

    def days_of_build(self) -> list[tuple[date, date]]:
        """For each main dealer the day that the marts say they are of, and the local day of their build."""
        self._cursor.execute(
            "select today, (built_at at time zone time_zone)::date from as_of join main_dealer on id = main_dealer_id"
        )
        return list(self._cursor.fetchall())

    def forget(self) -> None:
        """Ask anew from now on, since a clock has moved."""
        self._asked.clear()

    def _ask(self, relation: str, period: Period | None, grain: str | None) -> Found:
        known = [figure for figure in (*metrics().values(), *tables().values()) if figure.relation == relation]
        expressions = list(dict.fromkeys(sql for figure in known for sql in figure.columns.values()))
        start = f"date_trunc('{GRAINS[grain]}', day::timestamp)::date" if grain else "null::date"
        self._cursor.execute(
            f"select {', '.join([start, 'count(*)', *expressions])} from {relation}"
            + (" where day >= %(first)s and day < %(end)s" if period else "")
            + (" group by 1" if grain else ""),
            {"first": period[0], "end": period[1]} if period else None,
        )
        return {row[0]: dict(zip(["rows", *expressions], row[1:], strict=True)) for row in self._cursor.fetchall()}


@contextmanager
def core_of(warehouse_url: str) -> Iterator[Core]:
    """The relations of a warehouse, for as long as the block; nothing is written."""
    with closing(psycopg2.connect(warehouse_url)) as connection:
        connection.autocommit = True
        yield Core(connection)
