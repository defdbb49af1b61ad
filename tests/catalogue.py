"""The catalogue of personal data as dbt's YAML holds it: the columns of each layer, and what is said of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from orchestration.settings import ROOT

KINDS = {"name", "phone", "identity_number", "address", "coordinates", "email", "birth_date", "other"}


@dataclass(frozen=True)
class Column:
    """A column of a model, with what its description and `config.meta` say."""

    layer: str
    model: str
    name: str
    description: str
    meta: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.model}.{self.name}"


def columns(*layers: str) -> Iterator[Column]:
    """The columns of the models of these layers: staging, core, marts or restricted."""
    models = ROOT / "dbt_project" / "models"
    for path in sorted(models.rglob("*.yml")):
        layer = _layer(path.relative_to(models))
        if layer in layers:
            for model in (yaml.safe_load(path.read_text()) or {}).get("models", []):
                for column in model.get("columns", []):
                    described = " ".join(column["description"].split())
                    meta = column.get("config", {}).get("meta", {})
                    yield Column(layer, model["name"], column["name"], described, meta)


def _layer(path: Path) -> str:
    return "restricted" if "restricted" in path.parts else path.parts[0]
