"""What Superset works out anew for each chart, though it is the same every time: worked out once in a process.

Together with permissions.py, row_rules.py, shared_datasets.py, straight_queries.py, page_answers.py and
kept_connections.py this is what makes a chart cheap (docs/performance.md). Each function takes the
place of one of Superset's and calls it where nothing is known yet.
"""

import datetime
import functools
import re
import threading
from typing import Any

from cachetools import LRUCache

import tenants
from data_cache import MOVES_WITHIN_A_DAY
from state_of_superset import STATE

SQL_KEPT = 200  # parsed, up to 55 kB each
MOMENTS_KEPT = 1000
CHARTS_KEPT = 1000


def install() -> None:
    """Called while the application is set up (FLASK_APP_MUTATOR)."""
    from superset.charts.data import api
    from superset.common.query_context_factory import QueryContextFactory
    from superset.connectors.sqla.models import SqlaTable
    from superset.db_engine_specs.postgres import PostgresEngineSpec
    from superset.jinja_context import BaseTemplateProcessor
    from superset.models import helpers
    from superset.models.core import Database
    from superset.sql.parse import SQLStatement
    from superset.utils import date_parser
    from superset.views import base

    PostgresEngineSpec.get_default_schema = staticmethod(_default_schema(PostgresEngineSpec.get_default_schema))
    SQLStatement._parse = staticmethod(_parsed(SQLStatement._parse))
    date_parser.datetime_eval = _evaluated(date_parser.datetime_eval)
    helpers.get_past_or_future = _from(date_parser.get_past_or_future)
    Database.sqlalchemy_uri_decrypted = _once(Database.sqlalchemy_uri_decrypted)
    Database.url_object = _once(Database.url_object)
    Database.db_engine_spec = property(_engine_spec(Database.db_engine_spec.fget))
    BaseTemplateProcessor.process_template = _filled_in(BaseTemplateProcessor.process_template)
    QueryContextFactory._get_slice = _chart(QueryContextFactory._get_slice)
    SqlaTable.verbose_map = _once(SqlaTable.verbose_map)
    # Which databases could be connected, told on each person's first page.
    base.get_available_engine_specs = functools.cache(base.get_available_engine_specs)
    # How a request for a chart must look.
    api.ChartDataQueryContextSchema = functools.cache(api.ChartDataQueryContextSchema)


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


def _once(part: Any) -> Any:
    """What a dataset or database puts together each time it is asked, ten times for a chart, once for each object.

    Objects that charts share stay as they are (shared_datasets.py).
    """
    name = f"{part.fget.__name__} put together"

    def put_together(thing: Any) -> Any:
        kept = thing.__dict__ if tenants.is_chart() else {}
        if name not in kept:
            kept[name] = part.fget(thing)
        return kept[name]

    return property(put_together)


def _engine_spec(ask: Any) -> Any:
    """What Superset knows of a database's kind, found by its address seventy times for a chart."""
    known: dict[str, Any] = {}

    def engine_spec(database: Any) -> Any:
        address = database.sqlalchemy_uri
        if address not in known:
            known[address] = ask(database)
        return known[address]

    return engine_spec


def _chart(find: Any) -> Any:
    """A chart by its number. Only its limit of time in the cache is asked for: it need not be one that one may list."""
    kept: LRUCache[Any, Any] = LRUCache(CHARTS_KEPT)
    lock = threading.Lock()

    def chart(factory: Any, number: Any) -> Any:
        from sqlalchemy.orm import Session, lazyload
        from superset import db
        from superset.models.slice import Slice

        if not isinstance(number, int):
            return find(factory, number)
        key = (number, STATE())
        with lock:
            found = kept.get(key)
        if found is None:
            with Session(db.engine) as session:
                found = session.get(Slice, number, options=[lazyload("*")])
                session.expunge_all()
            with lock:
                kept[key] = found
        return found

    return chart


def _filled_in(fill_in: Any) -> Any:
    """A template's text; one that has nothing to fill in is its own, and compiling it took a millisecond."""

    @functools.wraps(fill_in)
    def filled_in(self: Any, sql: str, **kwargs: Any) -> str:
        text: str = sql if "{" not in sql and not sql.endswith("\n") else fill_in(self, sql, **kwargs)
        return text

    return filled_in


def _parsed(parse: Any) -> Any:
    """A dataset's SQL, which is read up to five times for a chart. Whoever gets it may change it: a copy."""
    read = functools.lru_cache(SQL_KEPT)(lambda script, engine: tuple(parse(script, engine)))

    @functools.wraps(parse)
    def parsed(script: str, engine: str) -> list[Any]:
        return [statement and statement.copy() for statement in read(script, engine)]

    return parsed


def _from(find: Any) -> Any:
    """A moment so long before or after another, for which a calendar was made each time."""
    known = functools.lru_cache(MOMENTS_KEPT)(find)
    distance = re.compile(r"\d+ [a-z]+( ago)?")  # other words may mean the present moment

    @functools.wraps(find)
    def moment(human_readable: str | None, source_time: datetime.datetime | None = None) -> datetime.datetime:
        is_kept = source_time and distance.fullmatch(human_readable or "")
        found: datetime.datetime = (known if is_kept else find)(human_readable, source_time)
        return found

    return moment


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
