"""What a request asks for, read from its parameters; everything that it cannot ask for is a Problem."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from data_api import values
from data_api.catalogue import Resource
from data_api.people import Person
from data_api.problems import Problem, malformed

LIMIT, MOST = 100, 1000
# A term shorter than three characters has no trigram to be looked up by.
SHORTEST, LONGEST = 3, 100
MOST_VALUES = 100
OF_A_LIST = ("limit", "cursor", "sort", "q", "fields", "include", "total", "deleted")
OF_ONE = ("fields", "include", "deleted")


@dataclass(frozen=True)
class Condition:
    """A column that is one of some values, or not before or not after one."""

    column: str
    operator: str
    value: Any


@dataclass(frozen=True)
class Question:
    """Which rows: what a cursor belongs to."""

    resource: str
    order: tuple[str, ...]
    is_descending: bool
    conditions: tuple[Condition, ...]
    term: str
    with_deleted: bool


@dataclass(frozen=True)
class Shape:
    """What is told of each row."""

    fields: tuple[str, ...]
    include: tuple[str, ...]


@dataclass(frozen=True)
class OneRequest:
    """A document, or a line of one."""

    shape: Shape
    with_deleted: bool


@dataclass(frozen=True)
class ListRequest:
    """A page of a list."""

    question: Question
    shape: Shape
    limit: int
    cursor: str | None
    with_total: bool


def read_list(resource: Resource, parameters: Sequence[tuple[str, str]], person: Person) -> ListRequest:
    """What a list's parameters ask for. Raises Problem."""
    given = _by_name(parameters)
    known = [name for name in OF_A_LIST if name != "q" or resource.searched]
    single = {name: _single(given, name) for name in OF_A_LIST}
    order, is_descending = _order(resource, single["sort"])
    question = Question(
        resource=resource.name,
        order=order,
        is_descending=is_descending,
        conditions=tuple(_conditions(resource, given, known, person)),
        term=_term(single["q"]),
        with_deleted=_flag("deleted", single["deleted"]),
    )
    limit = LIMIT if single["limit"] is None else values.read("limit", single["limit"], "int")
    if not 1 <= limit <= MOST:
        raise malformed("limit", f"limit must lie between 1 and {MOST}; ask for the rest with cursor.")
    shape = _shape(resource, single["fields"], single["include"])
    return ListRequest(question, shape, limit, single["cursor"], _flag("total", single["total"]))


def read_one(resource: Resource, parameters: Sequence[tuple[str, str]]) -> OneRequest:
    """What is asked of one document or line. Raises Problem."""
    given = _by_name(parameters)
    _refuse_others(resource, given, OF_ONE)
    shape = _shape(resource, _single(given, "fields"), _single(given, "include"))
    return OneRequest(shape, _flag("deleted", _single(given, "deleted")))


def _by_name(parameters: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    given: dict[str, list[str]] = {}
    for name, value in parameters:
        given.setdefault(name, []).append(value)
    return given


def _single(given: Mapping[str, list[str]], name: str) -> str | None:
    found = given.get(name, [])
    if len(found) > 1:
        raise malformed(name, f"{name} is there {len(found)} times: give it once.")
    return found[0] if found else None


def _flag(name: str, text: str | None) -> bool:
    return False if text is None else bool(values.read(name, text, "boolean"))


def _refuse_others(resource: Resource, given: Iterable[str], known: Sequence[str]) -> None:
    for name in given:
        if name not in known:
            raise malformed(
                name, f"{resource.name} has no parameter {name[:60]!r}: it has {', '.join(known)} (/openapi.json)."
            )


def _conditions(
    resource: Resource, given: Mapping[str, list[str]], known: Sequence[str], person: Person
) -> Iterable[Condition]:
    bounds = {f"{name}_from": (name, ">=") for name in resource.ranges}
    # A day is taken whole; of times the end is left out, so that periods that meet share nothing.
    for name in resource.ranges:
        bounds[f"{name}_to"] = (name, "<=" if resource.columns[name].kind == "date" else "<")
    _refuse_others(resource, given, (*known, *resource.exact, *bounds))
    for parameter, texts in given.items():
        if parameter in OF_A_LIST:
            continue
        column, operator = bounds.get(parameter, (parameter, "="))
        kind = resource.columns[column].kind
        if resource.columns[column].personal and not person.sees_personal:
            raise Problem(
                403,
                f"{column} is personal data: filtering by it needs the role Personal Data.",
                parameter=parameter,
            )
        if operator == "=":
            if len(texts) > MOST_VALUES:
                raise malformed(parameter, f"{parameter} is there {len(texts)} times: give at most {MOST_VALUES}.")
            found = {values.read(parameter, text, kind) for text in texts}
            yield Condition(column, operator, tuple(sorted(found)))
        else:
            text = _single(given, parameter)
            yield Condition(column, operator, values.read(parameter, text or "", kind))


def _order(resource: Resource, sort: str | None) -> tuple[tuple[str, ...], bool]:
    wanted = resource.default_order if sort is None else sort
    name = wanted.removeprefix("-")
    if name not in resource.orders:
        known = ", ".join(resource.orders)
        raise malformed("sort", f"sort must be one of {known}, for the other direction with a minus sign before it.")
    return resource.orders[name], wanted.startswith("-")


def _term(q: str | None) -> str:
    if q is None:
        return ""
    if not SHORTEST <= len(q) <= LONGEST or "\0" in q:
        raise malformed("q", f"q must have between {SHORTEST} and {LONGEST} characters.")
    return q


def _shape(resource: Resource, fields: str | None, include: str | None) -> Shape:
    names = tuple(resource.columns) if fields is None else _names("fields", fields, tuple(resource.columns))
    return Shape(names, () if include is None else _names("include", include, resource.lines))


def _names(parameter: str, text: str, known: tuple[str, ...]) -> tuple[str, ...]:
    """Names joined by commas, in the order in which they are known."""
    wanted = {name.strip() for name in text.split(",")}
    if unknown := sorted(wanted - set(known)):
        what = f"any of {', '.join(known)}, joined by commas" if known else "left out: there is nothing to include"
        raise malformed(parameter, f"{parameter} names {unknown[0][:60]!r}: it must be {what}.")
    return tuple(name for name in known if name in wanted)
