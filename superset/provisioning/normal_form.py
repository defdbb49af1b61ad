"""How an asset stands in git, and how Superset wants and gives it: each the other's reverse.

In git: sorted keys, UUIDs and no other ids, nothing that Superset would assume anyway or can compute again (query
contexts, scopes, option names), a layout as a tree. So a file reads well and a change in the browser is a small diff.
"""

from collections.abc import Mapping
from typing import Any

from provisioning import normal_dashboard
from provisioning.plain import Asset, plain, without

COMMON: Asset = {"version": "1.0.0"}
# Of dbt or of the settings: the browser offers no way to change them.
LOCKED: Asset = COMMON | {"is_managed_externally": True}
# Charts and dashboards may be changed in the browser, and say with their file that they have one.
FOLDER = "superset/assets/"
DATASET: Asset = LOCKED | {
    "cache_timeout": None, "catalog": None, "description": None, "extra": None, "fetch_values_predicate": None,
    "filter_select_enabled": True, "normalize_columns": False, "always_filter_main_dttm": False, "offset": 0,
    "default_endpoint": None, "folders": None, "params": None, "sql": None, "template_params": None,
    "main_dttm_col": None, "currency_code_column": None, "metrics": [],
}  # fmt: skip
COLUMN: Asset = {
    "advanced_data_type": None, "description": None, "expression": None, "extra": {}, "filterable": True,
    "groupby": True, "is_active": True, "is_dttm": False, "python_date_format": None, "datetime_format": None,
    "verbose_name": None,
}  # fmt: skip
METRIC: Asset = {
    "currency": None, "d3format": None, "description": None, "extra": {}, "metric_type": None, "verbose_name": None,
    "warning_text": None,
}  # fmt: skip
CHART: Asset = COMMON | {
    "cache_timeout": None, "certification_details": None, "certified_by": None, "description": None, "tags": [],
    "query_context": None, "is_managed_externally": False,
}  # fmt: skip
# Ids of this installation, and what the chart's other keys say already.
OWN_PARAMS = {
    "dashboards", "datasource", "extra_form_data", "slice_id", "slice_name", "url_params", "viz_type", "dashboardId",
    "temporal_columns_lookup",
}  # fmt: skip


def expand(path: str, asset: Asset) -> Asset:
    """Returns the asset as Superset imports it; `path` in the assets' folder tells its kind."""
    kind = path.split("/")[0]
    if kind == "datasets":
        return _expand_dataset(asset)
    if kind == "charts":
        params = asset.get("params", {}) | {"viz_type": asset["viz_type"]}
        return CHART | asset | {"params": params, "external_url": FOLDER + path}
    if kind == "dashboards":
        return COMMON | normal_dashboard.expand(asset) | {"external_url": FOLDER + path}
    return LOCKED | asset


def compact(path: str, asset: Asset) -> Asset:
    """Returns an exported asset as it stands in git."""
    kind = path.split("/")[0]
    asset = {key: value for key, value in asset.items() if key != "external_url"}
    if kind == "datasets":
        return _compact_dataset(asset)
    if kind == "charts":
        return _compact_chart(asset)
    if kind == "dashboards":
        return without(normal_dashboard.compact(asset), COMMON)
    return without(asset, LOCKED)


def _expand_dataset(asset: Asset) -> Asset:
    columns = [COLUMN | column for column in asset["columns"]]
    metrics = [METRIC | metric for metric in asset.get("metrics", [])]
    return DATASET | asset | {"columns": columns, "metrics": metrics}


def _compact_dataset(asset: Asset) -> Asset:
    return without(asset, DATASET) | {
        "columns": _sorted_items(asset["columns"], COLUMN, "column_name"),
        "metrics": _sorted_items(asset["metrics"], METRIC, "metric_name"),
    }


def _sorted_items(items: list[Asset], assumed: Asset, name: str) -> list[Asset]:
    return sorted((without(item, assumed) for item in items), key=lambda item: str(item[name]))


def _compact_chart(asset: Asset) -> Asset:
    params: Mapping[str, Any] = asset.get("params") or {}
    said = {key: value for key, value in params.items() if key not in OWN_PARAMS and value not in (None, [], "")}
    rest = {key: value for key, value in asset.items() if key != "query_context"}
    return without(rest, CHART) | {"params": plain(said)}
