"""A chart's description, which the import makes of dbt's descriptions of its metrics, so that none is written twice."""

from collections.abc import Mapping
from typing import Any


def metric_descriptions(chart: Mapping[str, Any], dataset: Mapping[str, Any]) -> str | None:
    """What the dataset says of the chart's metrics, a line each."""
    params = chart.get("params", {})
    named = params.get("metrics") or [params.get("metric")]
    described = {metric["metric_name"]: metric for metric in dataset["metrics"] if metric.get("description")}
    found = [described[name] for name in named if isinstance(name, str) and name in described]
    return "\n".join(_line(metric) for metric in found) or None


def is_derived(description: str, dataset: Mapping[str, Any] | None) -> bool:
    """Whether the text is made of nothing but descriptions of the dataset's metrics, whichever the chart shows now."""
    lines = {_line(metric) for metric in dataset["metrics"] if metric.get("description")} if dataset else set()
    return bool(description) and set(description.split("\n")) <= lines


def _line(metric: Mapping[str, Any]) -> str:
    return f"{metric.get('verbose_name') or metric['metric_name']}: {metric['description']}"
