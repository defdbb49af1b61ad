"""The tables of docs/metrics.md, written between markers; headings and prose around them are by hand.

A table lists the metrics that the marts named in its marker define: `<!-- metrics fct_order fct_order_unit -->`, the
table, `<!-- end -->`.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from dictionary.marts import DictionaryError, Mart, Metric

PAGE = Path(__file__).resolve().parents[1] / "docs" / "metrics.md"
TABLE = re.compile(r"(<!-- metrics ([\w ]+) -->\n).*?(<!-- end -->)", re.DOTALL)
HEADING = ("metric", "label", "kind", "unit", "definition")


def write_metrics_page(marts: Mapping[str, Mart], page: Path = PAGE) -> dict[Path, str]:
    """Returns the page with its tables rewritten; raises DictionaryError unless a mart is in one of them."""
    text = page.read_text()
    named = [name for table in TABLE.finditer(text) for name in table[2].split()]
    defining = {mart.name for mart in marts.values() if _defined(mart)}
    if wrong := {name for name in named if name not in defining or named.count(name) > 1} | (defining - set(named)):
        raise DictionaryError(f"{page.name}: {', '.join(sorted(wrong))} must be in one table if it defines metrics")
    return {page: TABLE.sub(lambda table: f"{table[1]}\n{_table(table[2].split(), marts)}\n\n{table[3]}", text)}


def _table(names: list[str], marts: Mapping[str, Mart]) -> str:
    rows = [HEADING, *(_row(metric) for name in names for metric in _defined(marts[name]))]
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([lines[0], "|---" * len(HEADING) + "|", *lines[1:]])


def _defined(mart: Mart) -> list[Metric]:
    return [metric for metric in mart.metrics if metric.is_defined_here]


def _row(metric: Metric) -> tuple[str, ...]:
    return (f"`{metric.name}`", metric.label, metric.kind, metric.unit, metric.definition.replace("|", r"\|"))
