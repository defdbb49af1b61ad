"""dbt's exposures: who reads which mart, one for each dashboard, read from the dashboards' files.

So `dbt ls --select +exposure:prospect_data` says what a dashboard rests on, and `fct_prospect+` whom a change concerns.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from dictionary.datasets import dataset_uuid
from dictionary.marts import DBT_PROJECT, DictionaryError, Mart
from dictionary.yaml_text import dump

ASSETS = Path(__file__).resolve().parents[1] / "superset" / "assets"
EXPOSURES = DBT_PROJECT / "models" / "exposures.yml"
HEADING = "# Written by `make dictionary` from superset/assets/dashboards: edit those instead.\n"
OWNER = {"name": "Dealer dashboard"}
IN_SQL = re.compile(r"\bmarts\.(\w+)")
# Adds the dealer's names to every dataset that has a dealer (datasets.py).
NAMES_OF_DEALERS = "dim_dealer"


def write_exposures(marts: Mapping[str, Mart], assets: Path = ASSETS) -> dict[Path, str]:
    """Returns the file of exposures; raises DictionaryError where a chart reads what is no mart."""
    read = {dataset_uuid(name): {name} for name in marts}
    for mart in marts.values():
        if "dealer_id" in mart.column_names():
            read[dataset_uuid(mart.name)].add(NAMES_OF_DEALERS)
    for _, dataset in _files(assets / "datasets"):
        if dataset["uuid"] not in read and (own := {*IN_SQL.findall(dataset.get("sql") or "")}):
            read[dataset["uuid"]] = own
    charts = {chart["uuid"]: chart["dataset_uuid"] for _, chart in _files(assets / "charts")}
    exposures = [
        _exposure(path, dashboard, _marts_of(path, dashboard, charts, read), marts)
        for path, dashboard in _files(assets / "dashboards")
    ]
    return {EXPOSURES: HEADING + dump({"exposures": exposures, "version": 2})}


def _files(folder: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    for path in sorted(folder.rglob("*.yaml")):
        yield path, yaml.safe_load(path.read_text())


def _exposure(path: Path, dashboard: Mapping[str, Any], read: set[str], marts: Mapping[str, Mart]) -> dict[str, Any]:
    if unknown := read - set(marts):
        raise DictionaryError(f"{path.name}: it reads {', '.join(sorted(unknown))}, which is no mart")
    return {
        "depends_on": [f"ref('{name}')" for name in sorted(read)],
        "description": dashboard.get("description") or "",
        "label": dashboard["dashboard_title"],
        "name": path.stem,
        "owner": OWNER,
        "type": "dashboard",
        "url": f"/superset/dashboard/{dashboard['slug']}/",
    }


def _marts_of(
    path: Path, dashboard: Mapping[str, Any], charts: Mapping[str, str], read: Mapping[str, set[str]]
) -> set[str]:
    found: set[str] = set()
    for uuid in {*_datasets(dashboard, charts)}:
        if uuid not in read:
            raise DictionaryError(f"{path.name}: dataset {uuid} of a chart or filter is of no mart")
        found |= read[uuid]
    return found


def _datasets(dashboard: Mapping[str, Any], charts: Mapping[str, str]) -> Iterator[str]:
    """UUIDs of the datasets that the charts and filters of a dashboard read."""
    yield from (charts[uuid] for uuid in _placed(dashboard["layout"]) if uuid in charts)
    for native in dashboard.get("filters", []):
        yield from (target["datasetUuid"] for target in native.get("targets", []) if "datasetUuid" in target)


def _placed(elements: list[dict[str, Any]]) -> Iterator[str]:
    for element in elements:
        if element["type"] == "CHART":
            yield element["uuid"]
        yield from _placed(element.get("children", []))
