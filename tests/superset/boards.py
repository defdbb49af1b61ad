"""The dashboards as their files say they are: tabs, charts in reading order, filters."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ASSETS = Path(__file__).parents[2] / "superset" / "assets"
TILES = ("big_number_total", "pop_kpi")
GROWING = re.compile(r"\s*(coalesce\()?(count|sum|max)\(")


@dataclass(frozen=True)
class Chart:
    """A chart where it stands on a dashboard."""

    uuid: str
    name: str
    kind: str  # Superset's viz_type
    is_paged: bool
    is_additive: bool  # all its metrics are such as cannot grow when rows are left out


@dataclass(frozen=True)
class Dashboard:
    """A dashboard as its file describes it."""

    slug: str
    title: str
    tabs: tuple[tuple[str, tuple[Chart, ...]], ...]

    @property
    def charts(self) -> list[Chart]:
        return [chart for _, charts in self.tabs for chart in charts]


@cache
def dashboards() -> dict[str, Dashboard]:
    """Slug -> dashboard, for all files."""
    described, growing = {}, _growing_metrics()
    for file in sorted(ASSETS.glob("charts/*/*.yaml")):
        chart = yaml.safe_load(file.read_text())
        params = chart.get("params", {})
        named = params.get("metrics") or [params.get("metric")]
        additive = all((chart["dataset_uuid"], name) in growing for name in named)
        paged = bool(params.get("server_pagination"))
        described[chart["uuid"]] = Chart(chart["uuid"], chart["slice_name"], chart["viz_type"], paged, additive)
    found = {}
    for file in sorted(ASSETS.glob("dashboards/*.yaml")):
        board = yaml.safe_load(file.read_text())
        tabs = tuple(
            (tab.get("text", ""), tuple(described[uuid] for uuid in _charts(tab["children"])))
            for tab in board["layout"]
            if tab["type"] == "TAB"
        )
        found[board["slug"]] = Dashboard(board["slug"], board["dashboard_title"], tabs)
    return found


def _charts(elements: list[dict[str, Any]]) -> list[str]:
    """UUIDs of the charts in a layout, in reading order."""
    found = []
    for element in elements:
        found += [element["uuid"]] if element["type"] == "CHART" else _charts(element.get("children", []))
    return found


def _growing_metrics() -> set[tuple[str, str]]:
    """(dataset, metric) of counts, sums and maxima; averages and shares may be larger for a part than for the whole."""
    found = set()
    for file in ASSETS.glob("datasets/*.yaml"):
        dataset = yaml.safe_load(file.read_text())
        for metric in dataset.get("metrics", []):
            if GROWING.match(metric["expression"]) and "/" not in metric["expression"]:
                found.add((dataset["uuid"], metric["metric_name"]))
    return found
