"""What can be asked for: the tables of schema core, as the endpoint registry and dbt's own files describe them.

Columns, types and descriptions stand in the YAML beside each model, indexes in the model's `config`, and what is
searched or personal in `config.meta` of the YAML. Nothing here names a table, so a sixteenth endpoint with its models
is a sixteenth resource.
"""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from dlt_sources.dgi.endpoints import ENDPOINTS

DBT_PROJECT = Path(__file__).resolve().parents[1] / "dbt_project"
_DOC_BLOCK = re.compile(r"{%\s*docs\s+(\w+)\s*%}(.*?){%\s*enddocs\s*%}", re.DOTALL)
_DOC_REFERENCE = re.compile(r"^{{\s*doc\('(\w+)'\)\s*}}$")
_CONFIG = re.compile(r"{{\s*config\(meta=({.*?})\)\s*}}", re.DOTALL)
DELETED = "is_deleted_at_source"


class CatalogueError(Exception):
    """dbt's files and the endpoint registry do not fit together; the message says where."""


@dataclass(frozen=True)
class Column:
    """A column of a table of core."""

    name: str
    kind: str  # its type in Postgres
    description: str
    is_required: bool
    personal: str | None  # the kind of personal data, or none


@dataclass(frozen=True)
class Resource:
    """A kind of document, or the lines of one."""

    name: str
    label: str
    description: str
    columns: Mapping[str, Column]
    parent: str | None  # of lines: their document's table
    lines: tuple[str, ...]  # of documents: their lines' tables
    exact: tuple[str, ...]  # columns that can be asked for by value
    ranges: tuple[str, ...]  # dates and times that can be asked for from and to
    orders: Mapping[str, tuple[str, ...]]  # what can be sorted by, and the columns that takes; an index has them all
    default_order: str
    searched: tuple[str, ...]

    def personal(self) -> frozenset[str]:
        """The columns that only some may see."""
        return frozenset(name for name, column in self.columns.items() if column.personal)


def read_catalogue(project: Path = DBT_PROJECT) -> dict[str, Resource]:
    """The resources by name, documents before their lines. Raises CatalogueError."""
    blocks = {
        name: " ".join(text.split())
        for path in sorted((project / "models").rglob("*.md"))
        for name, text in _DOC_BLOCK.findall(path.read_text())
    }
    models = {model["name"]: model for model in _models(project / "models" / "core")}
    found: dict[str, Resource] = {}
    for module, endpoint in ENDPOINTS.items():
        of_module = [name for name, model in models.items() if model["meta"].get("module") == module]
        documents = [name for name in of_module if "document" not in models[name]["meta"]]
        lines = [name for name in of_module if "document" in models[name]["meta"]]
        if len(documents) != 1 or len(lines) != len(endpoint.children):
            raise CatalogueError(f"module {module}: core has documents {documents} and lines {lines}")
        found[documents[0]] = _resource(models[documents[0]], endpoint.label, blocks, lines=tuple(lines))
        for name in lines:
            label = f"{endpoint.label}: {name.removeprefix(documents[0]).strip('_').replace('_', ' ')}"
            found[name] = _resource(models[name], label, blocks, parent=documents[0])
    return found


def _models(folder: Path) -> Iterator[dict[str, Any]]:
    for path in sorted(folder.glob("*.yml")):
        for model in (yaml.safe_load(path.read_text()) or {}).get("models", []):
            config = _CONFIG.search(path.with_name(f"{model['name']}.sql").read_text())
            in_query = ast.literal_eval(config[1]) if config else {}
            yield model | {"meta": in_query | model.get("config", {}).get("meta", {})}


def _resource(
    model: Mapping[str, Any], label: str, blocks: Mapping[str, str], *, parent: str | None = None,
    lines: tuple[str, ...] = (),
) -> Resource:  # fmt: skip
    columns = {column["name"]: _column(column, blocks) for column in model["columns"]}
    indexes = [tuple(name.strip() for name in index.split(",")) for index in model["meta"]["indexes"]]
    indexed = {name for index in indexes for name in index if name != "id"}
    searched = tuple(model["meta"].get("search", ()))
    if unknown := (indexed | set(searched)) - set(columns):
        raise CatalogueError(f"{model['name']}: its meta names {', '.join(sorted(unknown))}, which is no column of it")
    orders = {"id": ("id",)} | {index[0]: index for index in indexes if index[1:] == ("id",)}
    default = "id"
    if parent:
        indexed.add(f"{parent}_id")
        default = f"{parent}_id"
        orders[default] = (default, "line_number")  # the unique constraint of every table of lines
    else:
        # The date that the dealer's own lists go by.
        default = f"-{next(index[1] for index in indexes if index[0] == 'dealer_id')}"
    if default.removeprefix("-") not in orders:
        raise CatalogueError(f"{model['name']}: an index on '{default.removeprefix('-')}, id' is needed to page by it")
    states = {name for name in columns if name.startswith("status") and not name.endswith("_label")}
    kinds = {name: column.kind for name, column in columns.items()}
    return Resource(
        name=model["name"],
        label=label,
        description=" ".join(model["description"].split()),
        columns=columns,
        parent=parent,
        lines=lines,
        exact=tuple(name for name in columns if name in indexed | states and kinds[name] != "timestamptz"),
        ranges=tuple(n for n in columns if kinds[n] == "date" or (n in indexed and kinds[n] == "timestamptz")),
        orders=orders,
        default_order=default,
        searched=searched,
    )


def _column(column: Mapping[str, Any], blocks: Mapping[str, str]) -> Column:
    text = " ".join(str(column["description"]).split())
    if reference := _DOC_REFERENCE.match(text):
        text = blocks[reference[1]]
    constraints = {constraint["type"] for constraint in column.get("constraints", ())}
    return Column(
        name=column["name"],
        kind=column["data_type"],
        description=text,
        is_required=bool(constraints & {"primary_key", "not_null"}),
        personal=column.get("config", {}).get("meta", {}).get("personal_data"),
    )
