"""The SQL of a question. Names come from the catalogue; whatever a client sent goes as a parameter.

A page is found by comparing with the last row's sort columns, in an index that has them all, so the 10,000th costs what
the first does. Postgres writes the JSON: numbers keep their digits.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from data_api.catalogue import DELETED, Resource
from data_api.people import Person
from data_api.questions import Condition, Question, Shape

ARRAYS = {"text": "text", "uuid": "uuid", "date": "date", "int": "int"}
# So many documents that match a term are looked up by their ids; more are come upon soon enough on the way.
FEW = 5000


@dataclass
class Statement:
    """SQL with its parameters."""

    sql: str = ""
    values: list[Any] = field(default_factory=list)

    def parameter(self, value: Any) -> str:
        """The placeholder of a value."""
        self.values.append(value)
        return f"${len(self.values)}"


@dataclass(frozen=True)
class Reader:
    """Writes the SQL for one person."""

    catalogue: Mapping[str, Resource]
    person: Person

    def page(
        self, question: Question, shape: Shape, limit: int, after: Sequence[Any] | None, segment: str,
        matches: Sequence[Any] | None,
    ) -> Statement:  # fmt: skip
        """The rows behind `after` of a segment: those that have a value in the first sort column, or those without.

        A comparison of rows cannot speak of both, and no index serves a condition that says "or".
        """
        statement = Statement()
        first, *rest = question.order
        where = self._where(statement, question, matches)
        where.append(f"d.{first} is {'not ' if segment == 'values' else ''}null")
        compared = question.order if segment == "values" else tuple(rest)
        if after is not None:
            held = after if segment == "values" else after[1:]
            placeholders = ", ".join(statement.parameter(value) for value in held)
            columns = ", ".join(f"d.{name}" for name in compared)
            where.append(f"({columns}) {'<' if question.is_descending else '>'} ({placeholders})")
        way = " desc" if question.is_descending else ""
        order = ", ".join(f"d.{name}{way}" for name in question.order)
        keys = ", ".join(f"d.{name} as key_{name}" for name in question.order)
        statement.sql = (
            f"select {self._body(question.resource, shape)} as body, {keys} "
            f"from (select d.* from core.{question.resource} as d where {' and '.join(where)} "
            f"order by {order} limit {int(limit)}) as d order by {order}"
        )
        return statement

    def total(self, question: Question, matches: Sequence[Any] | None) -> Statement:
        """How many rows there are."""
        statement = Statement()
        where = self._where(statement, question, matches)
        statement.sql = f"select count(*) from core.{question.resource} as d where {' and '.join(where) or 'true'}"
        return statement

    def one(self, resource: Resource, row_id: Any, shape: Shape, with_deleted: bool) -> Statement:
        """The row with an id."""
        statement = Statement()
        where = [f"d.id = {statement.parameter(row_id)}", *self._allowed(statement, "d")]
        if not with_deleted:
            where.append(_not_deleted(resource))
        body = self._body(resource.name, shape)
        statement.sql = f"select {body} from core.{resource.name} as d where {' and '.join(where)}"
        return statement

    def matches(self, question: Question) -> Statement | None:
        """The ids of the first FEW + 1 rows that match the term by themselves or by their lines.

        Materialised, so that the trigram index is used whatever the planner expects of the limit.
        """
        statement = Statement()
        pattern = statement.parameter(_pattern(question.term))
        parts = []
        for name, target in self._searched_tables(question.resource):
            columns = self._searched(name)
            if columns:
                where = [_any_like([f"t.{column}" for column in columns], pattern), *self._allowed(statement, "t")]
                parts.append((f"select t.{target} as id from core.{name} as t", where))
        if not parts:
            return None
        tables = [f"m{n} as materialized ({select} where {' and '.join(w)})" for n, (select, w) in enumerate(parts)]
        union = " union all ".join(f"select id from m{n}" for n in range(len(parts)))
        statement.sql = f"with {', '.join(tables)} select id from ({union}) as found limit {FEW + 1}"
        return statement

    def _where(self, statement: Statement, question: Question, matches: Sequence[Any] | None) -> list[str]:
        resource = self.catalogue[question.resource]
        where = self._allowed(statement, "d")
        if not question.with_deleted:
            where.append(_not_deleted(resource))
        where += [_compare(statement, resource, condition) for condition in question.conditions]
        if question.term and matches is not None:
            where.append(f"d.id = any({statement.parameter(matches)}::uuid[])")
        elif question.term:
            where.append(self._like_on_the_way(statement, question))
        return where

    def _allowed(self, statement: Statement, table: str) -> list[str]:
        """Row security says the same once more."""
        if self.person.dealers is None:
            return []
        return [f"{table}.dealer_id = any({statement.parameter(list(self.person.dealers))}::text[])"]

    def _like_on_the_way(self, statement: Statement, question: Question) -> str:
        """The term as a condition that no index serves: most rows match it."""
        pattern = statement.parameter(_pattern(question.term))
        found = []
        for name, target in self._searched_tables(question.resource):
            table = "d" if name == question.resource else "t"
            like = _any_like([f"({table}.{column} || '')" for column in self._searched(name)], pattern)
            if like and table == "d":
                found.append(like)
            elif like:
                found.append(f"exists (select from core.{name} as t where t.{target} = d.id and {like})")
        return f"({' or '.join(found)})"

    def _searched_tables(self, name: str) -> list[tuple[str, str]]:
        """A table and its lines' tables, each with its column that holds the id."""
        return [(name, "id"), *((lines, f"{name}_id") for lines in self.catalogue[name].lines)]

    def _searched(self, name: str) -> list[str]:
        """What a person may search: who cannot see a telephone number must not find out by trying digits."""
        resource = self.catalogue[name]
        hidden = frozenset() if self.person.sees_personal else resource.personal()
        return [column for column in resource.searched if column not in hidden]

    def _body(self, name: str, shape: Shape) -> str:
        lines = ", ".join(f"{self._lines(name, child)} as {child}" for child in shape.include)
        columns = self._columns(name, "d", shape.fields)
        return f"(select row_to_json(r)::text from (select {columns}{', ' * bool(lines)}{lines}) as r)"

    def _lines(self, name: str, child: str) -> str:
        allowed = self._columns(child, "l", tuple(self.catalogue[child].columns))
        return (
            f"(select coalesce(json_agg(row_to_json(r) order by r.line_number), '[]') "
            f"from (select {allowed} from core.{child} as l where l.{name}_id = d.id) as r)"
        )

    def _columns(self, name: str, table: str, fields: Sequence[str]) -> str:
        hidden = frozenset() if self.person.sees_personal else self.catalogue[name].personal()
        return ", ".join(f"null as {column}" if column in hidden else f"{table}.{column}" for column in fields)


def _not_deleted(resource: Resource) -> str:
    if resource.parent is None:
        return f"not d.{DELETED}"
    parent = f"core.{resource.parent} as p where p.id = d.{resource.parent}_id"
    return f"exists (select from {parent} and not p.{DELETED})"


def _compare(statement: Statement, resource: Resource, condition: Condition) -> str:
    if condition.operator != "=":
        return f"d.{condition.column} {condition.operator} {statement.parameter(condition.value)}"
    if len(condition.value) == 1:
        return f"d.{condition.column} = {statement.parameter(condition.value[0])}"
    kind = ARRAYS[resource.columns[condition.column].kind]
    return f"d.{condition.column} = any({statement.parameter(list(condition.value))}::{kind}[])"


def _any_like(columns: Sequence[str], pattern: str) -> str:
    return f"({' or '.join(f'{column} ilike {pattern}' for column in columns)})" if columns else ""


def _pattern(term: str) -> str:
    for special in ("\\", "%", "_"):
        term = term.replace(special, f"\\{special}")
    return f"%{term}%"
