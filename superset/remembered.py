"""What Superset works out anew for each chart, though it is the same every time: worked out once in a process.

Together with permissions.py, row_rules.py, page_answers.py and kept_connections.py this is what makes a chart cheap
(docs/performance.md). Each function takes the place of one of Superset's and calls it where nothing is known yet.
"""

import datetime
import functools
from typing import Any

from data_cache import MOVES_WITHIN_A_DAY

SQL_KEPT = 200  # parsed, up to 55 kB each
MOMENTS_KEPT = 1000


def install() -> None:
    """Called while the application is set up (FLASK_APP_MUTATOR)."""
    from superset.db_engine_specs.postgres import PostgresEngineSpec
    from superset.sql.parse import SQLStatement
    from superset.utils import date_parser

    PostgresEngineSpec.get_default_schema = staticmethod(_default_schema(PostgresEngineSpec.get_default_schema))
    SQLStatement._parse = staticmethod(_parsed(SQLStatement._parse))
    date_parser.datetime_eval = _evaluated(date_parser.datetime_eval)


def _default_schema(ask: Any) -> Any:
    """A database's default schema: asked for over a connection of its own, though datasets name their schema."""
    known: dict[tuple[int, str | None], str | None] = {}

    @functools.wraps(ask)
    def default_schema(database: Any, catalog: str | None) -> str | None:
        place = (database.id, catalog)
        if place not in known:
            known[place] = ask(database, catalog)
        return known[place]

    return default_schema


def _parsed(parse: Any) -> Any:
    """A dataset's SQL, which is read up to five times for a chart. Whoever gets it may change it: a copy."""
    read = functools.lru_cache(SQL_KEPT)(lambda script, engine: tuple(parse(script, engine)))

    @functools.wraps(parse)
    def parsed(script: str, engine: str) -> list[Any]:
        return [statement and statement.copy() for statement in read(script, engine)]

    return parsed


def _evaluated(evaluate: Any) -> Any:
    """A moment in words, such as the beginning of «Last month»: the same all day, unless its words say otherwise."""

    @functools.lru_cache(MOMENTS_KEPT)
    def on_day(text: str, _day: datetime.date) -> datetime.datetime:
        moment: datetime.datetime = evaluate(text)
        return moment

    @functools.wraps(evaluate)
    def evaluated(datetime_expression: str | None = None) -> Any:
        if not datetime_expression or MOVES_WITHIN_A_DAY.search(datetime_expression):
            return evaluate(datetime_expression)
        return on_day(datetime_expression, datetime.date.today())  # the process's zone is the dealers'

    return evaluated
