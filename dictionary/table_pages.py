"""docs/data-dictionary.md and its pages: every table of the warehouse that dbt describes, with its columns.

A schema is a page. Views of schema staging are listed without their columns, which core repeats.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from dictionary.marts import DBT_PROJECT, Mart, described_by, doc_blocks

DOCS = Path(__file__).resolve().parents[1] / "docs"
NOTE = "<!-- Written by `make dictionary` from dbt's YAML: edit that instead. -->"
SCHEMAS = {
    "raw": "What main dealers' servers answered, as it was received; only ever added to.",
    "staging": "Views on the newest version of each document, typed; a view for each module.",
    "core": "The documents and their lines as related tables: keys, types, labels.",
    "marts": "What the dashboards read: dimensions, facts, daily figures. Personal data is masked.",
    "restricted": "The personal data of the marts' rows, for the roles that may see it.",
}
WITHOUT_COLUMNS = {"staging"}
COLUMNS = ("column", "type", "what it holds")
REFERENCE = re.compile(r"ref\('(\w+)'\)|core\.(\w+)")


@dataclass(frozen=True)
class Table:
    """A table or view as its YAML describes it."""

    schema: str
    name: str
    description: str
    columns: tuple[tuple[str, str, str], ...]


def write_table_pages(_: Mapping[str, Mart], project: Path = DBT_PROJECT, docs: Path = DOCS) -> dict[Path, str]:
    """Returns the list of all tables and the page of each schema."""
    tables = read_tables(project)
    pages = {docs / "data-dictionary.md": _index(tables)}
    for schema in SCHEMAS:
        if schema not in WITHOUT_COLUMNS:
            pages[docs / "data-dictionary" / f"{schema}.md"] = _page(schema, tables)
    return pages


def read_tables(project: Path) -> list[Table]:
    """All tables that dbt's YAML describes, by schema and name; steps on the way to a table are left out."""
    blocks = doc_blocks(project)
    found = []
    for path in sorted((project / "models").rglob("*.yml")):
        content = yaml.safe_load(path.read_text()) or {}
        schema = "restricted" if "restricted" in path.parts else path.relative_to(project / "models").parts[0]
        found += [_table(schema, model, blocks) for model in content.get("models", []) if "columns" in model]
        found += [
            _table("raw", table, blocks)
            for source in content.get("sources", [])
            if source["name"] == "raw" and path.parent.name == "staging"
            for table in source["tables"]
        ]
    return sorted(found, key=lambda table: (list(SCHEMAS).index(table.schema), table.name))


def _table(schema: str, described: Mapping[str, Any], blocks: Mapping[str, str]) -> Table:
    columns = [
        (column["name"], column.get("data_type", ""), described_by(column, blocks) + _reference(column))
        for column in described.get("columns", [])
    ]
    return Table(schema, described["name"], described_by(described, blocks), tuple(columns))


def _reference(column: Mapping[str, Any]) -> str:
    """The table that a foreign key leads to, as the end of a sentence."""
    for constraint in column.get("constraints", []):
        where = REFERENCE.search(f"{constraint.get('to', '')} {constraint.get('expression', '')}")
        if constraint["type"] == "foreign_key" and where:
            name = where[1] or where[2]
            return f" → [{name}](#{name})"
    return ""


def _index(tables: list[Table]) -> str:
    lines = [NOTE, "", "# Data dictionary", "", "Every table of the warehouse. Figures have a page of their own: "]
    lines[-1] += "[metrics](metrics.md)."
    for schema, description in SCHEMAS.items():
        lines += ["", f"## {schema}", "", description, "", *_heading(("table", "what it holds"))]
        for table in (one for one in tables if one.schema == schema):
            listed = schema in WITHOUT_COLUMNS
            name = f"`{table.name}`" if listed else f"[{table.name}](data-dictionary/{schema}.md#{table.name})"
            lines.append(_row((name, table.description)))
    return "\n".join(lines) + "\n"


def _page(schema: str, tables: list[Table]) -> str:
    lines = [NOTE, "", f"# Schema {schema}", "", f"{SCHEMAS[schema]} [All schemas](../data-dictionary.md)"]
    shown: dict[tuple[tuple[str, str, str], ...], str] = {}
    for table in (one for one in tables if one.schema == schema):
        lines += ["", f"## {table.name}", "", table.description]
        like = shown.setdefault(table.columns, table.name)
        if like != table.name:
            lines += ["", f"Its columns are those of [{like}](#{like})."]
        elif table.columns:
            lines += ["", *_heading(COLUMNS), *(_row((f"`{name}`", kind, text)) for name, kind, text in table.columns)]
    return "\n".join(lines) + "\n"


def _heading(cells: tuple[str, ...]) -> Iterator[str]:
    yield _row(cells)
    yield "|---" * len(cells) + "|"


def _row(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
