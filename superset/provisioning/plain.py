"""Leaves out of an asset what goes without saying."""

from typing import Any

Asset = dict[str, Any]

# Computed by the browser on each opening.
COMPUTED = {"chartsInScope", "tabsInScope", "filterOptionName", "optionName", "isNew", "isExtra", "datasourceWarning"}


def without(given: Asset, assumed: Asset) -> Asset:
    """`given` less what it shares with `assumed` and what is empty in both, keys sorted."""
    return {
        key: given[key]
        for key in sorted(given)
        if not (key in assumed and (given[key] == assumed[key] or (not given[key] and not assumed[key])))
    }


def plain(value: Any) -> Any:
    """`value` with sorted keys and without what the browser computes."""
    if isinstance(value, dict):
        return {key: plain(value[key]) for key in sorted(value) if key not in COMPUTED}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value
