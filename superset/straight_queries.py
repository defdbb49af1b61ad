"""A chart's query goes to the warehouse as it was written, over a connection that is open already.

Superset takes the SQL that it has just written for a chart apart with a parser, to send the statements in it one by one
and written anew: a third of what a chart costs. This SQL is one statement, put together by SQLAlchemy; a dataset of
several is refused before. And Superset makes SQLAlchemy engines on the way, four for a query, of which each looks up
at its first connection what kind of Postgres it meets. Other SQL, such as SQL Lab's, still goes Superset's way.
"""

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import flask
import psycopg2

import tenants
from kept_connections import KeptConnection

Connect = Callable[[], KeptConnection]


def install() -> None:
    """Called while the application is set up (FLASK_APP_MUTATOR)."""
    from superset.models.core import Database  # the configuration is read before Superset is there

    Database.compile_sqla_query = _written(Database.compile_sqla_query)
    Database._execute_sql_with_mutation_and_logging = _sent(Database._execute_sql_with_mutation_and_logging)


def note(sql: str) -> None:
    """Says that a query of this request was written for a chart."""
    flask.g.setdefault("sql_of_charts", set()).add(sql)


def _written(compile_query: Any) -> Any:
    """The text of a query; of a chart's it is noted that we wrote it. No engine is needed for it, only its dialect."""
    dialects: dict[str, Any] = {}

    @functools.wraps(compile_query)
    def written(self: Any, qry: Any, *args: Any, **kwargs: Any) -> str:
        if not tenants.is_chart():
            sql: str = compile_query(self, qry, *args, **kwargs)
            return sql
        kind = self.backend
        if kind not in dialects:
            dialects[kind] = self.get_dialect()
            # Postgres takes a backslash for what it is; a dialect learns that only when it connects.
            dialects[kind]._backslash_escapes = False
        sql = str(qry.compile(dialect=dialects[kind], compile_kwargs={"literal_binds": True}))
        sql = sql.replace("%%", "%")  # as Superset: psycopg2 takes a sign for itself only where there are parameters
        note(sql)
        return sql

    return written


def _sent(execute: Any) -> Any:
    """The answer to a query: its cursor, rows and columns."""

    @functools.wraps(execute)
    def sent(
        self: Any, sql: str, catalog: str | None = None, schema: str | None = None, fetch_last_result: bool = False
    ) -> Any:
        connect = _way(self) if sql in flask.g.get("sql_of_charts", ()) else None
        if connect is None:
            return execute(self, sql, catalog, schema, fetch_last_result)
        spec = self.db_engine_spec
        with _opened(connect) as connection:
            cursor = connection.cursor()
            for before in spec.get_prequeries(database=self, catalog=catalog, schema=schema):
                cursor.execute(before)
            spec.execute(cursor, sql, self)
            return cursor, spec.fetch_data(cursor), cursor.description

    return sent


def _way(database: Any) -> Connect | None:
    """What opens a connection for this request's person; None for a database whose connections are not kept."""
    parameters = database.get_extra().get("engine_params", {})
    _, parameters = tenants.as_whom(database.url_object, parameters, None)
    return parameters.get("creator")


@contextmanager
def _opened(connect: Connect) -> Iterator[KeptConnection]:
    connection = connect()
    try:
        yield connection
    finally:
        with suppress(psycopg2.Error):  # a broken one is not kept
            connection.rollback()
        connection.close()
