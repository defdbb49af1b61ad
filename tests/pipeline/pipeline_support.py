"""What the tests of the pipeline ask of the warehouse, beside the sandbox that they order about."""

from collections.abc import Iterable
from contextlib import closing
from typing import Any

import psycopg2
from sandbox_orders import BOOK, MIXED, Sandbox, dates_back, today

from orchestration.settings import Settings

__all__ = ["BOOK", "MIXED", "Sandbox", "Warehouse", "dates_back", "today"]


class Warehouse:
    """Reads the warehouse as its owner."""

    def __init__(self, settings: Settings) -> None:
        self.url = settings.warehouse().set(drivername="postgresql").render_as_string(hide_password=False)
        self._connection = psycopg2.connect(self.url)
        self._connection.autocommit = True

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        with self._connection.cursor() as cursor:
            cursor.execute(query, values or None)
            return list(cursor.fetchall())

    def one(self, query: str, *values: Any) -> Any:
        return self.rows(query, *values)[0][0]

    def execute(self, statement: str, *values: Any) -> None:
        with self._connection.cursor() as cursor:
            cursor.execute(statement, values or None)

    def raw_counts(self, modules: Iterable[str]) -> dict[str, int]:
        """Committed rows in each raw table."""
        committed = "exists (select from raw._dlt_loads as l where l.load_id = r._dlt_load_id and l.status = 0)"
        return {m: self.one(f"select count(*) from raw.{m} as r where {committed}") for m in modules}

    def close(self) -> None:
        with closing(self._connection):
            pass
