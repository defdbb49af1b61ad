"""The normal form of a dashboard: its layout as a tree, its filters and cross-filters by UUID.

In git `filters` are Superset's native filters; `cross_filters` stands where not every chart filters every other:
`scope` for all charts, and by a chart's UUID its own.
"""

from collections.abc import Callable, Mapping
from typing import Any

from provisioning import layout
from provisioning.plain import Asset, plain, without

DASHBOARD: Asset = {
    "certification_details": "", "certified_by": "", "description": None, "published": True, "css": "", "tags": [],
    "theme_uuid": None, "theme_id": None, "is_managed_externally": False,
}  # fmt: skip
WHOLE = {"rootPath": ["ROOT_ID"], "excluded": []}
METADATA: Asset = {
    "chart_configuration": {}, "color_scheme": "", "color_namespace": "", "cross_filters_enabled": True,
    "default_filters": "{}", "expanded_slices": {}, "filter_scopes": {}, "global_chart_configuration": {"scope": WHOLE},
    "label_colors": {}, "map_label_colors": {}, "native_filter_configuration": [], "refresh_frequency": 0,
    "shared_label_colors": [], "timed_refresh_immune_slices": [], "chart_customization_config": [],
}  # fmt: skip
# Written in another way, computed from the layout and the data, or left from filters that Superset no longer has.
NOT_KEPT = {
    "chart_configuration", "global_chart_configuration", "native_filter_configuration", "color_scheme_domain",
    "map_label_colors", "shared_label_colors", "color_namespace", "default_filters", "filter_scopes",
    "expanded_slices", "timed_refresh_immune_slices", "chart_customization_config", "positions", "import_time",
    "remote_id", "show_native_filters",
}  # fmt: skip
FILTER: Asset = {
    "cascadeParentIds": [], "defaultDataMask": {"extraFormData": {}, "filterState": {}, "ownState": {}},
    "description": "", "scope": WHOLE, "type": "NATIVE_FILTER", "targets": [{}],
}  # fmt: skip
SELECT: Asset = {
    "multiSelect": True, "enableEmptyFilter": False, "defaultToFirstItem": False, "searchAllOptions": True,
    "inverseSelection": False, "sortAscending": True,
}  # fmt: skip
CONTROLS: dict[str, Asset] = {"filter_select": SELECT, "filter_time": {"enableEmptyFilter": False}}

Scope = dict[str, Any]


def expand(asset: Asset) -> Asset:
    """Returns the dashboard as Superset imports it."""
    position = layout.flatten(asset["dashboard_title"], asset["layout"])
    numbers = {node["meta"]["uuid"]: node["meta"]["chartId"] for node in layout.chart_nodes(position)}

    def numbered(scope: Scope) -> Scope:
        return WHOLE | scope | {"excluded": [numbers[uuid] for uuid in scope.get("excluded", [])]}

    metadata = METADATA | asset.get("metadata", {})
    metadata["native_filter_configuration"] = [_expand_filter(each, numbered) for each in asset.get("filters", [])]
    crossing = asset.get("cross_filters", {})
    metadata["global_chart_configuration"] = {"scope": numbered(crossing.get("scope", {}))}
    metadata["chart_configuration"] = {
        str(numbers[uuid]): {"id": numbers[uuid], "crossFilters": {"scope": numbered(scope)}}
        for uuid, scope in crossing.get("charts", {}).items()
    }
    rest = {key: value for key, value in asset.items() if key not in ("layout", "filters", "metadata", "cross_filters")}
    return DASHBOARD | rest | {"position": position, "metadata": metadata}


def compact(asset: Asset) -> Asset:
    """Returns an exported dashboard as it stands in git."""
    position, metadata = asset["position"], asset.get("metadata") or {}
    uuids = {node["meta"]["chartId"]: node["meta"]["uuid"] for node in layout.chart_nodes(position)}
    places = layout.renamed(position)

    def by_uuid(scope: Scope) -> Scope:
        return {
            "rootPath": [places.get(node, node) for node in scope.get("rootPath", WHOLE["rootPath"])],
            "excluded": sorted(uuids[number] for number in scope.get("excluded", []) if number in uuids),
        }

    dashboard = without({k: v for k, v in asset.items() if k not in ("position", "metadata")}, DASHBOARD)
    parts = {
        "metadata": without({key: value for key, value in metadata.items() if key not in NOT_KEPT}, METADATA),
        "filters": [_compact_filter(each, by_uuid) for each in metadata.get("native_filter_configuration", [])],
        "cross_filters": _cross_filters(metadata, uuids, by_uuid),
    }
    return dashboard | {key: value for key, value in parts.items() if value} | {"layout": layout.nest(position)}


def _expand_filter(native: Asset, numbered: Callable[[Scope], Scope]) -> Asset:
    if native.get("type") == "DIVIDER":
        return native
    full = FILTER | native
    full["scope"] = numbered(native.get("scope", {}))
    full["controlValues"] = CONTROLS.get(native["filterType"], {}) | native.get("controlValues", {})
    return full


def _compact_filter(native: Asset, by_uuid: Callable[[Scope], Scope]) -> Asset:
    if native.get("type") == "DIVIDER":
        return {key: native[key] for key in ("description", "id", "title", "type") if native.get(key)}
    controls = without(native.get("controlValues") or {}, CONTROLS.get(native["filterType"], {}))
    said = {key: value for key, value in native.items() if key != "controlValues" and value not in (None, [], "")}
    full = without(said | {"scope": by_uuid(native.get("scope") or {})}, FILTER)
    whole: Asset = plain(full | ({"controlValues": controls} if controls else {}))
    return whole


def _cross_filters(metadata: Asset, uuids: Mapping[int, str], by_uuid: Callable[[Scope], Scope]) -> Asset:
    """What differs from "every chart filters every other"."""
    own = {}
    for number, configured in (metadata.get("chart_configuration") or {}).items():
        scope = configured.get("crossFilters", {}).get("scope", "global")
        if scope != "global" and int(number) in uuids:
            own[uuids[int(number)]] = by_uuid(scope)
    of_all = by_uuid((metadata.get("global_chart_configuration") or {}).get("scope") or {})
    found = {"charts": own, "scope": {} if of_all == WHOLE else of_all}
    return {key: value for key, value in found.items() if value}
