"""The data of every chart, asked for at Superset's REST API, has the totals of core (not of the mart that it reads).

Each chart is asked once for all there is and once for a period, which begins and ends within the data.
"""

import math
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from boards import dashboards
from core_totals import Core, Figure, Period, core_of, metrics, tables
from real_stack import Stack

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

Shown = dict[tuple[date | None, str], float]  # start of the day, week or month where a chart has any; name -> figure
ASSETS = Path(__file__).parents[2] / "superset" / "assets"
ALL_ROWS = 1_000_000
# Counted in hours up to the moment of asking: core is asked before and after.
MOVING = {"hours_since_success"}
# Their date is that of a call.
OF_CALLS = {"fct_call", "agg_key_usage", "fct_rejected_record"}
# Metrics and tables that have no total, and why.
WITHOUT_TOTAL = {"freshness_note": "a sentence"}


@dataclass(frozen=True, eq=False)
class Chart:
    """What the file of a chart says about its data."""

    place: str  # dashboard, name and kind
    mart: str
    shown: tuple[str, ...]  # metrics; columns of a table of rows
    breakdown: tuple[str, ...]
    days: str | None  # the date that it is drawn along
    grain: str | None
    conditions: tuple[tuple[str, str, Any], ...]  # of its own: column, operator, value
    date: str | None  # the date that a period applies to
    rupiah: frozenset[str]
    is_table: bool  # of rows

    @property
    def table(self) -> str:
        """How core names the rows that it shows."""
        own = " and ".join(f"{column} {operator} {value}" for column, operator, value in self.conditions)
        return f"{self.mart} where {own}" if own else self.mart

    @property
    def names(self) -> tuple[str, ...]:
        """What core has to know."""
        return (self.table,) if self.is_table else self.shown


@cache
def datasets() -> dict[str, dict[str, Any]]:
    """UUID -> dataset."""
    described = (yaml.safe_load(file.read_text()) for file in sorted(ASSETS.glob("datasets/*.yaml")))
    return {dataset["uuid"]: dataset for dataset in described}


@cache
def charts() -> tuple[Chart, ...]:
    """The charts of all dashboards, by dashboard."""
    described = {}
    for file in sorted(ASSETS.glob("charts/*/*.yaml")):
        content = yaml.safe_load(file.read_text())
        described[content["uuid"]] = content
    return tuple(
        _chart(f"{board.title}: {chart.name} ({chart.kind})", described[chart.uuid])
        for board in dashboards().values()
        for chart in board.charts
    )


def _chart(place: str, described: dict[str, Any]) -> Chart:
    params, dataset = described["params"], datasets()[described["dataset_uuid"]]
    dates = {column["column_name"] for column in dataset["columns"] if column.get("is_dttm")}
    axis = params.get("x_axis")
    groups = params.get("groupby") or []
    filters = [
        (one["subject"], one["operator"], one.get("comparator"))
        for one in params.get("adhoc_filters", ())
        if one["expressionType"] == "SIMPLE"
    ]
    assert len(filters) == len(params.get("adhoc_filters", ())), f"{place}: a filter in SQL is not understood here"
    return Chart(
        place=place,
        mart=dataset["table_name"],
        shown=tuple(params.get("all_columns") or params.get("metrics") or [params["metric"]]),
        breakdown=tuple([groups] if isinstance(groups, str) else groups)
        + ((axis,) if axis and axis not in dates else ()),
        days=axis if axis in dates else None,
        grain=params.get("time_grain_sqla") if axis in dates else None,
        conditions=tuple(one for one in filters if one[1] != "TEMPORAL_RANGE"),
        date=next((column for column, operator, _ in filters if operator == "TEMPORAL_RANGE"), None),
        rupiah=frozenset(
            name for name, shown in params.get("column_config", {}).items() if "$" in shown.get("d3NumberFormat", "")
        ),
        is_table="all_columns" in params,
    )


COMPARED = [chart for chart in charts() if not set(chart.names) & set(WITHOUT_TOTAL)]


class Superset:
    """Superset's REST API, entered by the administrator."""

    def __init__(self, stack: Stack) -> None:
        self._url = stack.url
        self._session = requests.Session()
        entered = self._session.post(
            f"{stack.url}/api/v1/security/login",
            json={"username": stack.user, "password": stack.password, "provider": "db", "refresh": False},
            timeout=60,
        )
        self._session.headers["Authorization"] = f"Bearer {entered.json()['access_token']}"
        found = self._session.get(f"{stack.url}/api/v1/dataset/", params={"q": "(page_size:100)"}, timeout=60).json()
        self._datasets = {dataset["table_name"]: dataset["id"] for dataset in found["result"]}

    def data(self, mart: str, queries: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
        """The rows that each query gives, not from a cache. Raises Refused, since one that fails fails them all."""
        payload = {"datasource": {"id": self._datasets[mart], "type": "table"}, "force": True, "queries": queries}
        answer = self._session.post(f"{self._url}/api/v1/chart/data", json=payload, timeout=120)
        if answer.status_code != 200:
            raise Refused(answer.text)
        return [result["data"] for result in answer.json()["result"]]


class Refused(Exception):
    """Superset's words instead of data."""


class Answers:
    """What charts get. Those of a mart are asked together: most of the time of a request is not its queries."""

    def __init__(self, superset: Superset, queries: dict[Chart, list[dict[str, Any]]]) -> None:
        self._superset, self._queries = superset, queries
        self._marts_asked: set[str] = set()
        self._answers: dict[Chart, list[list[dict[str, Any]]]] = {}

    def of(self, chart: Chart) -> list[list[dict[str, Any]]]:
        """The rows of each query of a chart. Raises Refused."""
        if chart.mart not in self._marts_asked:
            self._marts_asked.add(chart.mart)
            with suppress(Refused):
                self._ask([one for one in self._queries if one.mart == chart.mart and not MOVING & set(one.shown)])
        if chart not in self._answers:
            self._ask([chart])
        return self._answers[chart]

    def _ask(self, charts: list[Chart]) -> None:
        found = iter(self._superset.data(charts[0].mart, [one for chart in charts for one in self._queries[chart]]))
        self._answers |= {chart: [next(found) for _ in self._queries[chart]] for chart in charts}


@pytest.fixture(scope="module")
def core(stack: Stack) -> Iterator[Core]:
    with core_of(stack.warehouse_url) as relations:
        yield relations


@pytest.fixture(scope="module")
def answers(stack: Stack, core: Core) -> Answers:
    asked = [chart for chart in COMPARED if _is_known(chart)]
    queries = {chart: [_query(chart, period) for period in _periods(chart, core)] for chart in asked}
    return Answers(Superset(stack), queries)


def test_every_chart_has_a_total_in_core() -> None:
    assert not [chart.place for chart in COMPARED if not _is_known(chart)]
    assert set(WITHOUT_TOTAL) <= {name for chart in charts() for name in chart.names}


def test_marts_are_of_the_day_that_they_say(core: Core) -> None:
    days = core.days_of_build()
    assert days
    assert all(said == built for said, built in days)


@pytest.mark.parametrize("chart", COMPARED, ids=lambda chart: chart.place)
def test_chart_shows_what_core_has(chart: Chart, answers: Answers, core: Core) -> None:
    if chart.is_table:
        assert chart.rupiah <= tables()[chart.table].columns.keys(), "core has to know every amount that is shown"
    before = [_of_core(core, chart, period) for period in _periods(chart, core)]
    found = answers.of(chart)
    if MOVING & set(chart.shown):
        core.forget()
    after = [_of_core(core, chart, period) for period in _periods(chart, core)]
    for least, rows, most in zip(before, found, after, strict=True):
        assert len(rows) < ALL_ROWS
        shown = _of_table(rows, chart) if chart.is_table else _of_metrics(rows, chart)
        different = {
            key: (shown.get(key), least.get(key))
            for key in shown.keys() | least.keys()
            if not _is_within(shown.get(key, 0.0), least.get(key, 0.0), most.get(key, 0.0))
        }
        assert not different, f"{chart.place} (chart, core): {different}"


def _periods(chart: Chart, core: Core) -> list[Period | None]:
    """All there is, and, of a chart with a date, from 30 days ago to the day before yesterday; calls are newer."""
    first, end = (1, -1) if chart.mart in OF_CALLS else (30, 1)
    return [None, (core.today - timedelta(first), core.today - timedelta(end))] if chart.date else [None]


def _is_known(chart: Chart) -> bool:
    return all(name in (tables() if chart.is_table else metrics()) for name in chart.names)


def _figures(chart: Chart) -> list[Figure]:
    return [tables()[chart.table]] if chart.is_table else [metrics()[name] for name in chart.shown]


def _query(chart: Chart, period: Period | None) -> dict[str, Any]:
    """The chart's own query without its limit on rows, and without a breakdown that its metrics do not add up over."""
    filters = [
        {"col": column, "op": operator} | ({} if value is None else {"val": value})
        for column, operator, value in chart.conditions
    ]
    if period:
        filters.append({"col": chart.date, "op": "TEMPORAL_RANGE", "val": f"{period[0]} : {period[1]}"})
    query: dict[str, Any] = {"filters": filters, "row_limit": ALL_ROWS}
    if chart.is_table:
        return query | {"columns": _numbers(chart) or [chart.shown[0]]}
    columns: list[Any] = list(chart.breakdown) if all(figure.adds_up for figure in _figures(chart)) else []
    if chart.days:
        axis = {"columnType": "BASE_AXIS", "expressionType": "SQL", "sqlExpression": chart.days, "label": chart.days}
        columns = [axis | {"timeGrain": chart.grain}, *columns]
    return query | {"columns": columns, "metrics": list(chart.shown)}


def _numbers(chart: Chart) -> list[str]:
    """The columns of a table that are compared."""
    return [column for column in chart.shown if column in tables()[chart.table].columns]


def _of_core(core: Core, chart: Chart, period: Period | None) -> Shown:
    found: dict[tuple[date | None, str], Any] = {}
    for figure in _figures(chart):
        for day, row in core.figures(figure, period, chart.grain).items():
            found |= {(day, name): value for name, value in row.items() if name in chart.shown}
            if chart.is_table:
                found[day, "rows"] = row["rows"]
    return _without_nothing(found)


def _of_table(rows: list[dict[str, Any]], chart: Chart) -> Shown:
    sums: dict[tuple[date | None, str], Any] = {
        (None, column): math.fsum(row[column] or 0 for row in rows) for column in _numbers(chart)
    }
    return _without_nothing(sums | {(None, "rows"): len(rows)})


def _of_metrics(rows: list[dict[str, Any]], chart: Chart) -> Shown:
    found: dict[tuple[date | None, str], list[float]] = defaultdict(list)
    for row in rows:
        start = row[chart.days] if chart.days else None
        day = None if start is None else datetime.fromtimestamp(start / 1000, UTC).date()
        for name in chart.shown:
            if row[name] is not None:
                found[day, name].append(row[name])
    return _without_nothing({key: math.fsum(values) for key, values in found.items()})


def _without_nothing(found: dict[tuple[date | None, str], Any]) -> Shown:
    """Days without anything are no bars; a sum of nothing is 0 here and empty there."""
    return {key: float(value) for key, value in found.items() if value}


def _is_within(shown: float, least: float, most: float) -> bool:
    if least == most and all(value.is_integer() for value in (shown, least)):
        return shown == least
    return least <= shown <= most or math.isclose(shown, least, rel_tol=1e-9)
