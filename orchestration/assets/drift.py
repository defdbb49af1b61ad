"""Checks whether main dealers send fields that DGI does not document: news once for each field, not for each document.

A field is kept with its document whatever it is; here somebody learns of it, and of it alone.
"""

from collections.abc import Iterator

import dagster as dg

from dlt_sources.dgi.endpoints import ENDPOINTS
from orchestration.asking import asset_key
from orchestration.assets.checks import query_warehouse, to_table

# Long enough for somebody who was away to see it; then it is known.
_NEWS_DAYS = 7
_DRIFT = """
    select module, main_dealer_id, field, first_seen, calls, first_seen > now() - make_interval(days => %(news_days)s)
    from raw.field_drift
    order by first_seen desc, main_dealer_id, field
"""
_REMEDY = (
    "Ask the main dealer what the field means. Its values are in raw, in payload; a field that is to be read gets an "
    "entry in dlt_sources/dgi/endpoints.py and a column in staging."
)


@dg.multi_asset_check(
    specs=[
        dg.AssetCheckSpec(
            "documented_fields",
            asset=asset_key(module),
            description=f"No undocumented field was seen for the first time in the last {_NEWS_DAYS} days",
        )
        for module in ENDPOINTS
    ],
    can_subset=True,
)
def documented_fields(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
    """Which undocumented fields each module has, and which of them are new."""
    drift = query_warehouse(_DRIFT, {"news_days": _NEWS_DAYS})
    for key in sorted(context.selected_asset_check_keys):
        fields = [row for row in drift if row[0] == key.asset_key.path[-1]]
        new = [row for row in fields if row[-1]]
        shown = [
            {"main dealer": main_dealer, "field": field, "first seen": first_seen.isoformat(" ", "minutes"), "calls": n}
            for _, main_dealer, field, first_seen, n, _ in fields
        ]
        yield dg.AssetCheckResult(
            asset_key=key.asset_key,
            check_name=key.name,
            passed=not new,
            severity=dg.AssetCheckSeverity.WARN,
            description=", ".join(f"{row[2]} of {row[1]}" for row in new) + " are new" if new else None,
            metadata={"new": len(new), "undocumented": len(fields)}
            | ({"fields": to_table(shown), "remedy": _REMEDY} if fields else {}),
        )
