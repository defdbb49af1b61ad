"""SQL with the rules of its tables: written once for each role, with the dealers of whoever asks filled in.

Superset reads a dataset's SQL, asks its database for the rules of each table in it, fills them in and writes the SQL
anew: for each query, and once more for the key of the cache. Around that it builds the query itself. All of this is the
same for people of the same roles but their dealers, which are asked for in each request (tenants.py).
"""

import copy
import datetime
import functools
import hashlib
from collections.abc import Hashable, Set
from typing import Any, NamedTuple

import flask

import chosen_values
import straight_queries
import tenants
from data_cache import MOVES_WITHIN_A_DAY
from read_again import ReadAgain
from state_of_superset import STATE
from written_sql import Written


class KnownRule(NamedTuple):
    """A rule of a table for one of its roles; a table without rules has one of nothing."""

    table: int
    place: tuple[Any, ...]
    id: int | None
    filter_type: str | None
    group_key: str | None
    clause: str | None
    role: int | None


class KnownRules(NamedTuple):
    """All of them, and what tells them apart from others."""

    all: frozenset[KnownRule]
    digest: str


def install() -> None:
    """Called while the application is set up (FLASK_APP_MUTATOR)."""
    from superset.connectors.sqla.models import SqlaTable
    from superset.utils import rls

    SqlaTable.get_query_str_extended = _query(SqlaTable.get_query_str_extended)
    SqlaTable.get_from_clause = _from_clause(SqlaTable.get_from_clause)
    rls.collect_rls_predicates_for_sql = _predicates(rls.collect_rls_predicates_for_sql)
    rls.get_predicates_for_table = _noting_failure(rls.get_predicates_for_table)


def _query(write: Any) -> Any:
    """A chart's whole query, and what is to be known of it."""
    written = Written("query")

    @functools.wraps(write)
    def query(self: Any, query_obj: dict[str, Any], mutate: bool = True) -> Any:
        key = whose_rules()
        if key is None or not tenants.is_chart() or _is_template(self.sql or "") or not _is_same_all_day(query_obj):
            return write(self, query_obj, mutate)
        query_obj, values = chosen_values.left_open(query_obj, self)
        today = datetime.date.today()  # the process's zone is the dealers'
        found = written.find(
            (key, STATE(), today, self.id, self.changed_on, repr(query_obj), mutate),
            lambda: write(self, query_obj, mutate),
        )
        sql = found.sql.replace(tenants.LEFT_OPEN, tenants.my_dealers_as_sql())
        sql = chosen_values.filled_in(sql, values)
        straight_queries.note(sql)
        return copy.deepcopy(found)._replace(sql=sql)

    return query


def _is_same_all_day(query: dict[str, Any]) -> bool:
    ranges = [each.get("val") for each in query.get("filter") or () if each.get("op") == "TEMPORAL_RANGE"]
    return not has_template(repr(query)) and not any(MOVES_WITHIN_A_DAY.search(str(each)) for each in ranges)


def _from_clause(write: Any) -> Any:
    """What a dataset is read from."""
    written = Written("from")

    @functools.wraps(write)
    def from_clause(self: Any, template_processor: Any = None) -> Any:
        from sqlalchemy import text
        from sqlalchemy.sql.expression import TextAsFrom
        from superset.models.helpers import VIRTUAL_TABLE_ALIAS

        key = whose_rules()
        if key is None or not self.is_virtual or _is_template(self.sql):
            return write(self, template_processor)

        def left_open() -> str | None:
            clause, cte = write(self, template_processor)
            return None if cte else clause.element.element.text  # Postgres takes WITH within FROM, others may not

        sql = written.find((key, self.id, self.sql), left_open)
        if sql is None:
            return write(self, template_processor)
        dealers = tenants.my_dealers_as_sql().replace(":", "\\:")  # else SQLAlchemy takes what follows for a parameter
        return TextAsFrom(text(sql.replace(tenants.LEFT_OPEN, dealers)), []).alias(VIRTUAL_TABLE_ALIAS), None

    return from_clause


def _predicates(collect: Any) -> Any:
    """The rules of the tables in a dataset's SQL: part of the key of the cache."""
    written = Written("predicates")

    @functools.wraps(collect)
    def predicates(sql: str, database: Any, catalog: str | None, schema: str) -> list[str]:
        key = whose_rules()
        if key is None:
            found: list[str] = collect(sql, database, catalog, schema)
            return found
        left_open = written.find(
            (key, database.id, catalog, schema, sql), lambda: collect(sql, database, catalog, schema)
        )
        dealers = tenants.my_dealers_as_sql()
        return [each.replace(tenants.LEFT_OPEN, dealers) for each in left_open]

    return predicates


def _noting_failure(ask: Any) -> Any:
    """The rules of one table. Superset goes on without them when they cannot be read: that is not to be kept."""

    @functools.wraps(ask)
    def predicates_for_table(*args: Any, **kwargs: Any) -> Any:
        try:
            return ask(*args, **kwargs)
        except Exception:
            flask.g.rules_are_unknown = True
            raise

    return predicates_for_table


def whose_rules() -> tuple[Hashable, ...] | None:
    """The rules of whoever asks, all but their dealers; None where more than those decides, or nobody is known.

    The same in every process.
    """
    if not flask.has_request_context() or not tenants.person().name:
        return None
    from superset import security_manager  # the configuration is read before Superset is there

    rules = _RULES()
    roles = tuple(sorted(role.id for role in security_manager.get_user_roles()))
    return None if rules is None else (rules.digest, roles, tenants.sees_all_dealers())


def rules_of(table: int, roles: Set[int]) -> list[KnownRule] | None:
    """The rules of a table for people of these roles; None where more than dealers decides.

    As Superset finds them: a regular rule is for its roles, a base rule for all but its roles.
    """
    rules = _RULES()
    if rules is None:
        return None
    of_table = {rule.id: rule for rule in rules.all if rule.table == table and rule.id is not None}
    theirs = {rule.id for rule in rules.all if rule.table == table and rule.role in roles}
    return [rule for number, rule in sorted(of_table.items()) if (rule.filter_type == "Base") != (number in theirs)]


def _read_rules() -> KnownRules | None:
    """All datasets and their rules as they are now; None when a rule asks for more than dealers."""
    from superset import db
    from superset.connectors.sqla.models import RLSFilterRoles, RLSFilterTables, RowLevelSecurityFilter, SqlaTable

    table, rule = SqlaTable, RowLevelSecurityFilter
    rows = (
        db.session.query(
            table.id, table.database_id, table.catalog, table.schema, table.table_name,
            rule.id, rule.filter_type, rule.group_key, rule.clause, RLSFilterRoles.c.role_id,
        )
        .outerjoin(RLSFilterTables, RLSFilterTables.c.table_id == table.id)
        .outerjoin(rule, rule.id == RLSFilterTables.c.rls_filter_id)
        .outerjoin(RLSFilterRoles, RLSFilterRoles.c.rls_filter_id == rule.id)
    )  # fmt: skip
    found = frozenset(KnownRule(row[0], tuple(row[1:5]), *row[5:]) for row in rows)
    if any(_is_template((rule.clause or "").replace(tenants.MY_DEALERS, "")) for rule in found):
        return None
    return KnownRules(found, hashlib.sha256("".join(sorted(map(repr, found))).encode()).hexdigest())


def has_template(text: str) -> bool:
    """Whether Superset would fill something in."""
    return "{{" in text or "{%" in text


def _is_template(text: str) -> bool:
    return "{" in text


_RULES = ReadAgain(_read_rules)
