"""The assets as they stand in git: read, checked and completed for Superset. Nothing here needs Superset.

Layout as in a Superset export: `databases/`, `datasets/`, `charts/`, `dashboards/` with a YAML file for each object, in
the normal form of `normal_form.py`; `dashboard.css` is the style of every dashboard that brings none of its own.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

import postgres_url
from provisioning import ProvisioningError, normal_form
from provisioning.chart_texts import metric_descriptions
from provisioning.references import breaks

KINDS = ("databases", "datasets", "charts", "dashboards")
GENERATED = "# Written by `make dictionary`"
SETTING = re.compile(r"\$\{(\w+)\}")

Assets = dict[str, dict[str, Any]]


def read_files(folder: Path) -> Assets:
    """Returns path in the folder -> content as it stands in the file."""
    return {path: yaml.safe_load(text) for path, text in read_texts(folder).items()}


def read_texts(folder: Path) -> dict[str, str]:
    """Returns path in the folder -> text of the file."""
    paths = (path for kind in KINDS for path in sorted(folder.joinpath(kind).rglob("*.yaml")))
    return {path.relative_to(folder).as_posix(): path.read_text() for path in paths}


def is_generated(text: str) -> bool:
    """Whether `make dictionary` writes the file: its first line says so."""
    return text.startswith(GENERATED)


def read_assets(folder: Path, settings: Mapping[str, str]) -> Assets:
    """Returns path in the folder -> content as Superset imports it, database addresses filled in.

    Raises ProvisioningError with a line for each fault.
    """
    files = read_files(folder)
    if wrong := [*breaks(files), *_missing_settings(files, settings)]:
        raise ProvisioningError("\n".join(wrong))
    assets = {path: normal_form.expand(path, asset) for path, asset in files.items()}
    for database in of_kind(assets, "databases").values():
        address = SETTING.sub(lambda match: settings[match[1]], database["sqlalchemy_uri"])
        database["sqlalchemy_uri"] = postgres_url.for_sqlalchemy(address)
    _describe_charts(assets)
    style = read_style(folder)
    for dashboard in of_kind(assets, "dashboards").values():
        dashboard["css"] = dashboard["css"] or style
    return assets


def read_style(folder: Path) -> str:
    """The style of every dashboard that brings none of its own."""
    style = folder / "dashboard.css"
    return style.read_text() if style.exists() else ""


def of_kind(assets: Assets, kind: str) -> Assets:
    """The part of the assets that lies in folder `kind`."""
    return {path: asset for path, asset in assets.items() if path.startswith(f"{kind}/")}


def uuids(assets: Assets) -> set[str]:
    """The UUIDs of all given assets."""
    return {str(asset["uuid"]) for asset in assets.values()}


def _describe_charts(assets: Assets) -> None:
    datasets = {dataset["uuid"]: dataset for dataset in of_kind(assets, "datasets").values()}
    for chart in of_kind(assets, "charts").values():
        chart["description"] = chart["description"] or metric_descriptions(chart, datasets[chart["dataset_uuid"]])


def _missing_settings(assets: Assets, settings: Mapping[str, str]) -> Iterator[str]:
    for path, database in of_kind(assets, "databases").items():
        for name in SETTING.findall(database["sqlalchemy_uri"]):
            if not settings.get(name):
                yield f"{path}: setting {name} is missing"
