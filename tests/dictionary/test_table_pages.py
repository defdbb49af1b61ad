"""The data dictionary names every table, describes every column, and its links lead somewhere."""

import re
from pathlib import Path

import pytest

from dictionary.marts import DBT_PROJECT
from dictionary.table_pages import SCHEMAS, Table, read_tables, write_table_pages

LINK = re.compile(r"\]\(([\w/.-]*)#(\w+)\)")


@pytest.fixture(scope="module")
def tables() -> list[Table]:
    return read_tables(DBT_PROJECT)


def test_every_model_with_columns_is_a_table_of_its_schema(tables: list[Table]) -> None:
    models = {path.stem for path in (DBT_PROJECT / "models").rglob("*.sql")}
    steps = {name for name in models if name.endswith("_spell")}  # on the way to tables, without columns of their own
    assert {table.name for table in tables if table.schema != "raw"} == models - steps
    assert {table.schema for table in tables} == set(SCHEMAS)


def test_nothing_lacks_its_description(tables: list[Table]) -> None:
    lacking = [table.name for table in tables if not table.description]
    lacking += [f"{table.name}.{name}" for table in tables for name, _, text in table.columns if not text]
    assert lacking == []
    assert not any("{{" in text for table in tables for _, _, text in table.columns)


def test_every_link_leads_to_a_heading(tmp_path: Path) -> None:
    pages = write_table_pages({}, DBT_PROJECT, tmp_path)
    assert len(pages) == len(SCHEMAS)
    dead = [
        (page.name, target, heading)
        for page, text in pages.items()
        for target, heading in LINK.findall(text)
        if f"\n## {heading}\n" not in (pages[page.parent / target] if target else text)
    ]
    assert dead == []
    assert "→ [delivery](#delivery)" in pages[tmp_path / "data-dictionary" / "core.md"]
