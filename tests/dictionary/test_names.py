"""The grammar of column names, of which CONTRIBUTING.md tells: a name says what kind of thing is in the column."""

import re
from collections.abc import Iterator

import pytest

from dictionary.marts import DBT_PROJECT
from dictionary.table_pages import read_tables

NUMBERS = {"int", "integer", "bigint", "numeric"}
# Marts speak English. The end (or the beginning) of a name -> the types that it may have.
ENDS = {
    r"_at$": {"timestamptz"},
    r"_local$": {"timestamp"},
    r"_on$": {"date"},
    r"_(id|key)$": {"uuid", "text"},
    r"_(code|label|name|band|initials|phone)$": {"text"},
    r"_(days|hours|months|share|amount|value|revenue|price|vat|quantity|units)$": NUMBERS,
    r"^(is|has|was)_": {"boolean"},
}
# And backwards: a column of the type is called so.
TYPES = {
    "timestamptz": r"_at$",
    "timestamp": r"_local$",
    "date": r"_on$|^day$|^date_|_date$|_date_|^first_day_of_",
    "boolean": r"^(is|has|was)_",
    "uuid": r"(^|_)id$|_key$",
}
# Core has DGI's own names, which say it in Indonesian, and the project's for what is added.
ENDS_OF_CORE = {
    r"_at$|^(created|modified)_time$": {"timestamptz"},
    r"^(tanggal|tgl)_": {"date", "timestamptz"},
    r"^waktu_": {"time", "timestamptz", "interval"},
    r"_(label|kode|code)$": {"text"},
    r"^(is|has)_": {"boolean"},
}
TYPES_OF_CORE = {"boolean": r"^(is|has)_", "date": r"^(tanggal|tgl)_", "uuid": r"(^|_)id$"}
# DGI's tag, Yes or No as it was sent.
AS_TEXT = {"has_priority"}


def columns(*schemas: str) -> Iterator[tuple[str, str, str]]:
    """Table, column and type."""
    for table in read_tables(DBT_PROJECT):
        if table.schema in schemas:
            yield from ((table.name, name, kind) for name, kind, _ in table.columns if name not in AS_TEXT)


def breaches(
    found: Iterator[tuple[str, str, str]], ends: dict[str, set[str]], types: dict[str, str]
) -> list[tuple[str, str, str]]:
    return [
        (table, name, kind)
        for table, name, kind in found
        if not re.search(types.get(kind, ""), name)
        or any(re.search(end, name) and kind not in allowed for end, allowed in ends.items())
    ]


def test_names_in_the_marts_say_what_they_hold() -> None:
    assert breaches(columns("marts", "restricted"), ENDS, TYPES) == []


def test_names_in_core_say_what_they_hold() -> None:
    assert breaches(columns("core"), ENDS_OF_CORE, TYPES_OF_CORE) == []


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("sold_at", "date"),
        ("sold", "date"),
        ("is_sold", "text"),
        ("sold", "boolean"),
        ("open_days", "text"),
        ("x", "uuid"),
    ],
)
def test_a_name_that_says_something_else_is_seen(name: str, kind: str) -> None:
    assert breaches(iter([("t", name, kind)]), ENDS, TYPES)


@pytest.mark.parametrize("schemas", [("core",), ("marts", "restricted")], ids=["core", "marts"])
def test_the_same_name_is_the_same_kind_of_thing_everywhere(schemas: tuple[str, ...]) -> None:
    kinds: dict[str, set[str]] = {}
    for _, name, kind in columns(*schemas):
        kinds.setdefault(name, set()).add("number" if kind in NUMBERS else kind)
    # A dealer's id is its number, a document's a UUID.
    assert {name: found for name, found in kinds.items() if len(found) > 1 and name != "id"} == {}


def test_names_are_lower_case_words() -> None:
    wrong = [
        name for _, name, _ in columns("core", "marts", "restricted") if not re.fullmatch(r"[a-z][a-z0-9_]*", name)
    ]
    assert wrong == []
