"""Walks the assets from dashboard to chart to dataset to column, and names what is not there.

Superset's importer passes over most of it in silence: a chart that is missing cuts off the charts after it, a column
that is missing shows as an error to whoever opens the page. So an import refuses assets of which any of it is true.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from provisioning import layout

Asset = Mapping[str, Any]
Files = Mapping[str, Asset]
ByUuid = dict[str, dict[str, Asset]]
# Parameters of charts that show columns of the dataset, that use one otherwise, and that name metrics.
SHOWN_KEYS = (
    "all_columns", "columns", "entity", "groupby", "groupbyColumns", "groupbyRows", "series", "x_axis",
)  # fmt: skip
USED_KEYS = ("granularity_sqla",)
METRIC_KEYS = ("metric", "metrics", "percent_metrics", "secondary_metric", "timeseries_limit_metric")


def breaks(files: Files) -> Iterator[str]:
    """Yields a line for each fault, beginning with the file."""
    path_of: dict[str, str] = {}
    for path, asset in files.items():
        for key in ("is_managed_externally", "external_url"):
            if key in asset:
                yield f"{path}: {key} is set by the import, which tells by it what came from a file"
        first = path_of.setdefault(str(asset["uuid"]), path)
        if first != path:
            yield f"{path}: has the uuid of {first}"
    known = by_uuid(files)
    for path, dataset in of_kind(files, "datasets").items():
        yield from _dataset_breaks(path, dataset, known)
    for path, chart in of_kind(files, "charts").items():
        yield from _chart_breaks(path, chart, known)
    address_of: dict[str, str] = {}
    for path, dashboard in of_kind(files, "dashboards").items():
        yield from _dashboard_breaks(path, dashboard, known)
        if first := address_of.get(dashboard.get("slug", "")):
            yield f"{path}: has the slug of {first}"
        elif dashboard.get("slug"):
            address_of[dashboard["slug"]] = path


def of_kind(files: Files, kind: str) -> Files:
    """The part of the assets that lies in folder `kind`."""
    return {path: asset for path, asset in files.items() if path.startswith(f"{kind}/")}


def by_uuid(files: Files) -> ByUuid:
    """Kind -> UUID -> asset."""
    kinds = ("databases", "datasets", "charts", "dashboards")
    return {kind: {str(asset["uuid"]): asset for asset in of_kind(files, kind).values()} for kind in kinds}


def column_names(dataset: Asset) -> set[str]:
    """The names of all columns of a dataset."""
    return {column["column_name"] for column in dataset.get("columns", [])}


def shown_columns(params: Asset) -> Iterator[str]:
    """The columns whose values a reader of the chart sees; an expression made in the chart is not among them."""
    yield from _named(params, SHOWN_KEYS)


def metrics(params: Asset) -> Iterator[Any]:
    """Names of metrics, and the definitions of those that are made in the chart."""
    for key in METRIC_KEYS:
        value = params.get(key)
        yield from value if isinstance(value, list) else [value] if value else []


def filter_targets(dashboard: Asset) -> Iterator[tuple[Asset, Asset]]:
    """Each filter of the dashboard with each column that it offers the values of."""
    for native in dashboard.get("filters", []):
        for target in native.get("targets", []):
            if "datasetUuid" in target:
                yield native, target


def _named(params: Asset, keys: tuple[str, ...]) -> Iterator[str]:
    for key in keys:
        value = params.get(key)
        yield from (n for n in (value if isinstance(value, list) else [value]) if isinstance(n, str))


def _used_columns(params: Asset) -> Iterator[str]:
    yield from _named(params, SHOWN_KEYS + USED_KEYS)
    for condition in params.get("adhoc_filters", []):
        if condition.get("expressionType") == "SIMPLE":
            yield condition["subject"]
    for order in params.get("order_by_cols", []):
        yield json.loads(order)[0]


def _dataset_breaks(path: str, dataset: Asset, known: ByUuid) -> Iterator[str]:
    if str(dataset["database_uuid"]) not in known["databases"]:
        yield f"{path}: {dataset['database_uuid']} is not among the databases"
    names = Counter(column["column_name"] for column in dataset.get("columns", []))
    yield from (f"{path}: column {name} is there {count} times" for name, count in names.items() if count > 1)


def _chart_breaks(path: str, chart: Asset, known: ByUuid) -> Iterator[str]:
    dataset = known["datasets"].get(str(chart.get("dataset_uuid")))
    if dataset is None:
        yield f"{path}: {chart.get('dataset_uuid')} is not among the datasets"
        return
    columns, params = column_names(dataset), chart.get("params", {})
    named = {metric["metric_name"] for metric in dataset.get("metrics", [])}
    for name in dict.fromkeys(_used_columns(params)):
        if name not in columns:
            yield f"{path}: {dataset['table_name']} has no column {name}"
    for metric in dict.fromkeys(metric for metric in metrics(params) if isinstance(metric, str)):
        if metric not in named:
            yield f"{path}: {dataset['table_name']} has no metric {metric}"


def _dashboard_breaks(path: str, dashboard: Asset, known: ByUuid) -> Iterator[str]:
    if not dashboard.get("slug"):
        yield f"{path}: it has no slug, and so no lasting address"
    placed = [str(element["uuid"]) for element in layout.charts(dashboard["layout"])]
    yield from (f"{path}: {uuid} is not among the charts" for uuid in placed if uuid not in known["charts"])
    yield from (f"{path}: chart {uuid} is on it {n} times" for uuid, n in Counter(placed).items() if n > 1)
    for native, target in filter_targets(dashboard):
        dataset = known["datasets"].get(str(target["datasetUuid"]))
        if dataset is None:
            yield f"{path}: {target['datasetUuid']} is not among the datasets"
        elif target["column"]["name"] not in column_names(dataset):
            yield f"{path}: filter {native['name']!r}: {dataset['table_name']} has no column {target['column']['name']}"
    places = set(layout.flatten("", dashboard["layout"]))
    crossing = dashboard.get("cross_filters", {})
    scoped = [(f"filter {native.get('name')!r}", native.get("scope", {})) for native in dashboard.get("filters", [])]
    scoped += [("cross-filter", scope) for scope in [crossing.get("scope", {}), *crossing.get("charts", {}).values()]]
    for name, scope in scoped:
        gone = {*scope.get("rootPath", [])} - places | {*scope.get("excluded", [])} - {*placed}
        yield from (f"{path}: {name}: {place} is not on this dashboard" for place in sorted(gone))
    yield from (f"{path}: {uuid} is not on this dashboard" for uuid in {*crossing.get("charts", {})} - {*placed})
