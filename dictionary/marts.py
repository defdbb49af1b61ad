"""The marts as their YAML beside the SQL describes them: columns, and the metrics that may be read from them.

A metric is described once, in the mart of its own grain (`config.meta.metrics`: label, kind, unit, definition); a mart
that holds it already summed up repeats its name with the expression that reads it there. A column of the same name as a
metric of its mart has the metric's label: Superset shows the column's for both.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

DBT_PROJECT = Path(__file__).resolve().parents[1] / "dbt_project"
DOC_BLOCK = re.compile(r"{%\s*docs\s+(\w+)\s*%}(.*?){%\s*enddocs\s*%}", re.DOTALL)
DOC_REFERENCE = re.compile(r"^{{\s*doc\('(\w+)'\)\s*}}$")
KINDS = ("period", "now")
UNITS = ("share", "Rp", "count", "days", "hours", "months", "minutes", "ms", "records/min", "time", "text")
OF_A_METRIC = {"name", "label", "kind", "unit", "definition", "expression", "date"}
# As they are spelled in labels.
SPELLINGS = {
    "api": "API",
    "bpkb": "BPKB",
    "http": "HTTP",
    "id": "ID",
    "km": "km",
    "ms": "ms",
    "stnk": "STNK",
    "vat": "VAT",
}


class DictionaryError(Exception):
    """What dbt's YAML says does not hold together; the message names the file's model and what is wrong."""


@dataclass(frozen=True)
class Column:
    """A column of a mart."""

    name: str
    data_type: str
    description: str
    label: str


@dataclass(frozen=True)
class Metric:
    """A metric as one mart gives it: `expression` is SQL over that mart's columns."""

    name: str
    expression: str
    label: str
    kind: str  # "period": of the days chosen; "now": when the marts were built
    unit: str
    definition: str
    date: str | None  # the column that a date range applies to; none for "now"
    is_defined_here: bool


@dataclass(frozen=True)
class Mart:
    """A table of schema marts."""

    name: str
    description: str
    columns: tuple[Column, ...]
    metrics: tuple[Metric, ...]
    date: str | None  # the column that a date range applies to

    def column_names(self) -> set[str]:
        """The names of all columns."""
        return {column.name for column in self.columns}


def read_marts(project: Path = DBT_PROJECT) -> dict[str, Mart]:
    """Returns the marts by name; raises DictionaryError where a metric is defined twice, nowhere or incompletely."""
    blocks = doc_blocks(project)
    # A step on the way to a table (ephemeral) has no columns of its own.
    models = [model for model in _models(project) if "columns" in model]
    definitions = _definitions(models)
    return {model["name"]: _mart(model, definitions, blocks) for model in models}


def label_of(name: str) -> str:
    """`stnk_lead_days` -> "STNK lead days"; a label column is called after what it labels, a flag after what holds."""
    words = name.removesuffix("_label").removeprefix("is_").split("_")
    spelled = " ".join(SPELLINGS.get(word, word) for word in words)
    return spelled[0].upper() + spelled[1:]


def _models(project: Path) -> Iterator[dict[str, Any]]:
    for path in sorted((project / "models" / "marts").rglob("*.yml")):
        if "restricted" not in path.parts:
            yield from (yaml.safe_load(path.read_text()) or {}).get("models", [])


def doc_blocks(project: Path) -> dict[str, str]:
    """dbt's blocks of text, which several columns share, by name."""
    pages = (path.read_text() for path in sorted((project / "models").rglob("*.md")))
    return {name: " ".join(text.split()) for page in pages for name, text in DOC_BLOCK.findall(page)}


def described_by(described: Mapping[str, Any], blocks: Mapping[str, str]) -> str:
    """The description of a table or column on one line, its block of text put in."""
    description = " ".join(described.get("description", "").split())
    reference = DOC_REFERENCE.match(description)
    return blocks[reference[1]] if reference else description


def _meta(described: dict[str, Any]) -> dict[str, Any]:
    meta: dict[str, Any] = described.get("config", {}).get("meta", {})
    return meta


def _definitions(models: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for model in models:
        for metric in _meta(model).get("metrics", []):
            where = f"{model['name']}: metric {metric.get('name', metric)}"
            if missing := {"name", "expression"} - set(metric):
                raise DictionaryError(f"{where} lacks {', '.join(sorted(missing))}")
            if unknown := set(metric) - OF_A_METRIC:
                raise DictionaryError(f"{where} has {', '.join(sorted(unknown))}, which means nothing")
            if "definition" in metric:
                if metric["name"] in found:
                    raise DictionaryError(f"{where} is defined elsewhere too")
                _check_definition(metric, where)
                found[metric["name"]] = metric
    return found


def _check_definition(metric: dict[str, Any], where: str) -> None:
    if missing := {"label", "kind", "unit"} - set(metric):
        raise DictionaryError(f"{where} lacks {', '.join(sorted(missing))}")
    if metric["kind"] not in KINDS:
        raise DictionaryError(f"{where} is of kind {metric['kind']!r}")
    if metric["unit"] not in UNITS:
        raise DictionaryError(f"{where} is in {metric['unit']!r}, which is no unit here")


def _mart(model: dict[str, Any], definitions: dict[str, dict[str, Any]], blocks: dict[str, str]) -> Mart:
    name, meta = model["name"], _meta(model)
    metrics = tuple(_metric(metric, definitions, name, meta.get("date")) for metric in meta.get("metrics", []))
    if len({metric.name for metric in metrics}) < len(metrics):
        raise DictionaryError(f"{name}: a metric is there twice")
    labels = {metric.name: metric.label for metric in metrics}
    columns = tuple(_column(column, blocks, labels.get(column["name"])) for column in model["columns"])
    for column in columns:
        if (label := labels.get(column.name, column.label)) != column.label:
            raise DictionaryError(f"{name}: column {column.name} is called {column.label!r}, its metric {label!r}")
    mart = Mart(name, " ".join(model["description"].split()), columns, metrics, meta.get("date"))
    for date in {meta.get("date"), *(metric.date for metric in metrics)} - {None}:
        if date not in mart.column_names():
            raise DictionaryError(f"{name}: it has no column {date}, its date")
    return mart


def _metric(metric: dict[str, Any], definitions: dict[str, dict[str, Any]], mart: str, date: str | None) -> Metric:
    if metric["name"] not in definitions:
        raise DictionaryError(f"{mart}: metric {metric['name']} has no definition in any mart")
    definition = definitions[metric["name"]]
    is_defined_here = "definition" in metric
    if not is_defined_here and (repeated := {"label", "kind", "unit"} & set(metric)):
        raise DictionaryError(f"{mart}: metric {metric['name']} repeats {', '.join(sorted(repeated))}")
    return Metric(
        name=metric["name"],
        expression=metric["expression"],
        label=definition["label"],
        kind=definition["kind"],
        unit=definition["unit"],
        definition=definition["definition"],
        date=metric.get("date", date) if definition["kind"] == "period" else None,
        is_defined_here=is_defined_here,
    )


def _column(column: dict[str, Any], blocks: dict[str, str], metric_label: str | None) -> Column:
    label = _meta(column).get("label") or metric_label or label_of(column["name"])
    return Column(column["name"], column["data_type"], described_by(column, blocks), label)
