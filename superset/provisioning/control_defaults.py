"""What Superset's chart editor adds to a chart when it is saved: every control of its kind, untouched ones as well.

Without this, one changed label would bring sixty lines into a file. Read from what the editor of Superset 6.1 saved for
each kind of chart that is in use here.
"""

from collections.abc import Mapping
from typing import Any

UNTOUCHED: dict[str, Any] = {
    "align_pn": False, "allow_rearrange_columns": False, "allow_render_html": True, "area": False, "border_width": 0,
    "border_color": {"a": 1, "b": 0, "g": 0, "r": 0}, "color_by_primary_axis": False, "color_pn": True,
    "color_scheme": "dealer_dashboard", "comparison_color_enabled": False, "comparison_color_scheme": "Green",
    "comparison_type": "values", "date_format": "smart_date", "echart_options": "{}", "force_max_interval": False,
    "force_timestamp_formatting": False, "forecastEnabled": False, "forecastInterval": 0.8, "forecastPeriods": 10,
    "group_others_when_limit_reached": False, "include_search": False, "legendOrientation": "top", "logAxis": False,
    "metric_name_font_size": 0.15, "minorSplitLine": False, "minorTicks": False, "normalized": False,
    "only_total": True, "opacity": 0.2, "order_desc": True, "orientation": "vertical",
    "percent_metric_calculation": "row_limit", "percentage_threshold": 0, "row_limit": 10000,
    "server_page_length": 10, "server_pagination": False, "showTooltipPercentage": False, "showTooltipTotal": True,
    "show_cell_bars": True, "show_empty_columns": True, "show_labels": True, "show_metric_name": False,
    "show_tooltip_labels": True, "show_total": False, "show_totals": False, "show_value": False,
    "sort_series_ascending": False, "table_timestamp_format": "smart_date", "threshold_for_other": 0,
    "time_format": "smart_date", "time_shift_color": True, "tooltipSortByMetric": False,
    "tooltipTimeFormat": "smart_date", "tooltip_label_type": 5, "truncateYAxis": False, "truncate_metric": True,
    "xAxisForceCategorical": False, "xAxisLabelInterval": "auto", "xAxisLabelRotation": 0,
    "x_axis_number_format": "~g", "x_axis_sort_asc": True, "x_axis_time_format": "smart_date",
    "x_axis_title_margin": 0, "y_axis_bounds": [None, None], "y_axis_title_position": "Left", "zoomable": False,
}  # fmt: skip
# These stand at other values too, which only their kind of chart knows.
OF_THE_KIND = {"y_axis_title_margin": (0, 15)}
# A grid of charts made of one chart: thirty controls of every kind, none of which counts while it is off.
GRID = "matrixify_"


def untouched(params: Mapping[str, Any], before: Mapping[str, Any]) -> set[str]:
    """The parameters that the editor added by itself to a chart that had those `before`; a grid's also to a new one."""
    added = {key for key in params if key.startswith(GRID) and not params.get("matrixify_enable")}
    if before:
        for key in params.keys() - before.keys():
            if (key in UNTOUCHED and params[key] == UNTOUCHED[key]) or params[key] in OF_THE_KIND.get(key, ()):
                added.add(key)
    return added
