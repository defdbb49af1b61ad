"""What Superset would show, but a reader could not make sense of, or nobody could find: the house rules of the assets.

A dashboard is complete when every text is there, every metric is dbt's, and every filter and table does what it shows.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from provisioning import layout
from provisioning.references import (
    Asset,
    ByUuid,
    Files,
    by_uuid,
    column_names,
    filter_targets,
    metrics,
    of_kind,
    shown_columns,
)

# More make a page slow to open and to read.
CHARTS_ON_A_TAB = 10
SEARCHABLE = ("TEXT", "VARCHAR", "CHARACTER VARYING", "CITEXT")


def untidy(files: Files) -> Iterator[str]:
    """Yields a line for each fault, beginning with the file. The assets must hold together (references.py)."""
    known = by_uuid(files)
    for path, dataset in of_kind(files, "datasets").items():
        for item in [*dataset.get("columns", []), *dataset.get("metrics", [])]:
            if not item.get("verbose_name"):
                yield f"{path}: {item.get('column_name') or item.get('metric_name')} has no label"
    for path, chart in of_kind(files, "charts").items():
        if dataset := known["datasets"].get(str(chart.get("dataset_uuid"))):
            yield from _chart_faults(path, chart, dataset)
    for path, dashboard in of_kind(files, "dashboards").items():
        yield from _dashboard_texts(path, dashboard, known)
        yield from _filter_faults(path, dashboard, known)
    boards = of_kind(files, "dashboards").values()
    placed = {element["uuid"] for dashboard in boards for element in layout.charts(dashboard["layout"])}
    for path, chart in of_kind(files, "charts").items():
        if chart["uuid"] not in placed:
            yield f"{path}: it is on no dashboard"


def _chart_faults(path: str, chart: Asset, dataset: Asset) -> Iterator[str]:
    if not chart.get("slice_name"):
        yield f"{path}: it has no name"
    params = chart.get("params", {})
    described = {metric["metric_name"]: metric.get("description") for metric in dataset.get("metrics", [])}
    for metric in metrics(params):
        if not isinstance(metric, str):
            yield f"{path}: metric {metric.get('label')!r} is made in the chart; define it in dbt"
        elif metric in described and not described[metric]:
            yield f"{path}: metric {metric} of {dataset['table_name']} has no description, so the chart has none"
    columns = column_names(dataset)
    for name in dict.fromkeys(shown_columns(params)):
        if label := _label_beside(name, columns):
            yield f"{path}: it shows the codes of {name}; {label} has what they mean"
    if params.get("server_pagination"):
        yield from _paging_faults(path, params, dataset)


def _label_beside(name: str, columns: set[str]) -> str:
    beside = (f"{name}_label", f"{name.removesuffix('_code')}_label")
    return next((label for label in beside if label in columns and label != name), "")


def _paging_faults(path: str, params: Asset, dataset: Asset) -> Iterator[str]:
    """A list of many pages is of use only to who can search it, over a text column, and finds each row on one page."""
    if not params.get("include_search"):
        yield f"{path}: its pages cannot be searched (include_search)"
    types = {column["column_name"]: str(column.get("type")).upper() for column in dataset.get("columns", [])}
    if not any(types.get(name, "").startswith(SEARCHABLE) for name in shown_columns(params)):
        yield f"{path}: it has no text column to search in"
    if len(order := params.get("order_by_cols", [])) == 1:
        column = json.loads(order[0])[0]
        yield f"{path}: rows that are alike in {column} may move between pages; add its key"


def _dashboard_texts(path: str, dashboard: Asset, known: ByUuid) -> Iterator[str]:
    if not dashboard.get("description"):
        yield f"{path}: it has no description"
    for tab in _tabs(dashboard["layout"]):
        if not tab.get("text"):
            yield f"{path}: a tab has no name"
        if (count := len(list(layout.charts(tab.get("children", []))))) > CHARTS_ON_A_TAB:
            yield f"{path}: tab {tab.get('text')!r} has {count} charts, more than {CHARTS_ON_A_TAB}"
    for element in layout.charts(dashboard["layout"]):
        chart = known["charts"].get(str(element["uuid"]))
        if chart and element.get("sliceName") != chart["slice_name"]:
            yield f"{path}: {element.get('sliceName')!r} is called {chart['slice_name']!r} in its file"
    for native in dashboard.get("filters", []):
        if not (native.get("name") or native.get("title")):
            yield f"{path}: filter {native['id']} has no name"


def _tabs(elements: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for element in elements:
        if element["type"] == "TAB":
            yield element
        yield from _tabs(element.get("children", []))


def _filter_faults(path: str, dashboard: Asset, known: ByUuid) -> Iterator[str]:
    """A filter that no chart can follow looks as if it worked."""
    for native, target in filter_targets(dashboard):
        name, column = native["name"], target["column"]["name"]
        read = _datasets_in_scope(dashboard, native, known)
        if not any(column in column_names(dataset) for dataset in read):
            yield f"{path}: filter {name!r}: no chart in its scope has a column {column}"
        if (dataset := known["datasets"].get(str(target["datasetUuid"]))) and (
            label := _label_beside(column, column_names(dataset))
        ):
            yield f"{path}: filter {name!r} offers the codes of {column}; {label} has what they mean"
    for native in dashboard.get("filters", []):
        if native.get("filterType") == "filter_time":
            read = _datasets_in_scope(dashboard, native, known)
            if not any(column.get("is_dttm") for dataset in read for column in dataset.get("columns", [])):
                yield f"{path}: filter {native['name']!r}: no chart in its scope has a date"


def _datasets_in_scope(dashboard: Asset, native: Asset, known: ByUuid) -> list[Asset]:
    scope: Mapping[str, Any] = native.get("scope", {})
    roots, excluded = {*scope.get("rootPath", ["ROOT_ID"])}, {*scope.get("excluded", [])}
    nodes = layout.chart_nodes(layout.flatten("", dashboard["layout"]))
    within = [node["meta"]["uuid"] for node in nodes if roots & {*node["parents"], node["id"]}]
    charts = [known["charts"].get(str(uuid)) for uuid in within if uuid not in excluded]
    datasets = [known["datasets"].get(str(chart.get("dataset_uuid"))) for chart in charts if chart]
    return [dataset for dataset in datasets if dataset]
