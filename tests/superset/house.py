"""Superset with its objects, and people in it who try to see more than they may."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import people
from people import Person
from real_stack import Stack

DENIED = (401, 403, 404)
# What a dealer must not see of calls and keys that several dealers share (assets/security.yaml).
SHARED = {"agg_key_usage", "fct_call", "fct_rejected_record", "fct_window_attention"}
OF_NOBODY = {"dim_date"}
COUNT = {"expressionType": "SIMPLE", "column": {"column_name": "dealer_id"}, "aggregate": "COUNT", "label": "n"}


@dataclass(frozen=True)
class Dataset:
    """A dataset as the administrator sees it."""

    id: int
    name: str
    columns: tuple[str, ...]
    metrics: tuple[str, ...]


@dataclass(frozen=True)
class House:
    """Superset with its objects, and people in it."""

    stack: Stack
    admin: Person
    analyst: Person
    own: Person  # of dealer A
    other: Person  # of dealer B
    nobody: Person  # a dealer user who may see no dealer
    stray: Person  # with a standard role of Superset
    datasets: dict[str, Dataset]
    charts: tuple[dict[str, Any], ...]
    boards: dict[str, int]

    @property
    def a(self) -> str:
        return self.stack.dealers[0]

    @property
    def b(self) -> str:
        return self.stack.dealers[1]

    def place(self, dataset: str) -> dict[str, Any]:
        """Form data of a request as a chart with these data sends it from its dashboard."""
        chart = next(one for one in self.charts if one["dataset"] == dataset)
        return {"slice_id": chart["id"], "dashboardId": chart["board"]}


def enter(stack: Stack) -> House:
    """Everything that the administrator can list, and the accounts."""
    admin = people.admin(stack)
    a, b = stack.dealers[:2]
    datasets, names = {}, {}
    for one in admin.get("/api/v1/dataset/", q="(page_size:200,columns:!(id,table_name))").json()["result"]:
        detail = admin.get(f"/api/v1/dataset/{one['id']}").json()["result"]
        columns = tuple(column["column_name"] for column in detail["columns"])
        metrics = tuple(metric["metric_name"] for metric in detail["metrics"])
        names[one["id"]] = one["table_name"]
        datasets[one["table_name"]] = Dataset(one["id"], one["table_name"], columns, metrics)
    boards, charts = {}, []
    for board in admin.get("/api/v1/dashboard/", q="(page_size:100)").json()["result"]:
        boards[board["slug"]] = board["id"]
        for chart in admin.get(f"/api/v1/dashboard/{board['id']}/charts").json()["result"]:
            form = chart["form_data"]
            dataset = names[int(form["datasource"].split("__")[0])]
            charts.append(
                {"id": chart["id"], "board": board["id"], "slug": board["slug"], "dataset": dataset, "form": form}
            )
    return House(
        stack, admin, people.make(stack, admin, "Analyst"), people.make(stack, admin, "Dealer User", (a,)),
        people.make(stack, admin, "Dealer User", (b,)), people.make(stack, admin, "Dealer User"),
        people.make(stack, admin, "Gamma"), datasets, tuple(charts), boards,
    )  # fmt: skip


def shown(house: House) -> list[Dataset]:
    """The datasets that stand on a dashboard which is open to dealer users."""
    on_boards = {chart["dataset"] for chart in house.charts if chart["slug"] != "data-operations"}
    return [house.datasets[name] for name in sorted(on_boards - SHARED)]


def at_once(ask: Callable[[Any], Any], things: Iterable[Any]) -> list[Any]:
    """The answers to several questions, a few of them under way at a time."""
    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(ask, things))
