"""Superset's REST API as its administrator, for tests that make something in it."""

import json
from typing import Any

import requests


class Superset:
    """A session that is logged in."""

    def __init__(self, url: str, user: str, password: str) -> None:
        self.url = url
        self.session = requests.Session()
        login = {"username": user, "password": password, "provider": "db"}
        token = self.session.post(f"{url}/api/v1/security/login", json=login, timeout=60).json()["access_token"]
        self.session.headers.update({"Authorization": f"Bearer {token}", "Referer": url})
        csrf = self.session.get(f"{url}/api/v1/security/csrf_token/", timeout=60).json()["result"]
        self.session.headers["X-CSRFToken"] = csrf
        # By hand: it is for TLS, which the proxy adds and which is not there without it.
        self.session.headers["Cookie"] = "; ".join(f"{cookie.name}={cookie.value}" for cookie in self.session.cookies)

    def get(self, path: str) -> Any:
        """What is at a path below /api/v1."""
        answer = self.session.get(f"{self.url}/api/v1/{path}", timeout=60)
        assert answer.ok, answer.text
        return answer.json()["result"]

    def make(self, kind: str, **values: Any) -> int:
        """The number of a new dashboard, chart and so on."""
        answer = self.session.post(f"{self.url}/api/v1/{kind}/", json=values, timeout=60)
        assert answer.status_code == 201, answer.text
        return int(answer.json()["id"])

    def change(self, kind: str, number: int, **values: Any) -> None:
        answer = self.session.put(f"{self.url}/api/v1/{kind}/{number}", json=values, timeout=60)
        assert answer.ok, answer.text

    def make_dashboard(self, title: str, sql: str) -> int:
        """A dashboard of two bar charts, one below the other and each as high as a screen, of `day` and `units`."""
        database = next(entry["id"] for entry in self.get("database/") if entry["database_name"] == "Warehouse")
        dataset = self.make("dataset", database=database, schema="public", table_name=title, sql=sql)
        params = {
            "datasource": f"{dataset}__table",
            "viz_type": "echarts_timeseries_bar",
            "x_axis": "day",
            "metrics": [{"expressionType": "SQL", "sqlExpression": "sum(units)", "label": "Units"}],
            "groupby": [],
            "adhoc_filters": [],
            "row_limit": 100,
        }
        dashboard = self.make("dashboard", dashboard_title=title, published=True)
        charts = [
            self.make(
                "chart", slice_name=name, viz_type="echarts_timeseries_bar", datasource_id=dataset,
                datasource_type="table", params=json.dumps(params), dashboards=[dashboard],
            )
            for name in ("Units by day", "The same again")
        ]  # fmt: skip
        self.change("dashboard", dashboard, position_json=json.dumps(_one_below_the_other(charts)))
        return dashboard


def _one_below_the_other(charts: list[int]) -> dict[str, Any]:
    rows = [f"ROW-{chart}" for chart in charts]
    position: dict[str, Any] = {
        "DASHBOARD_VERSION_KEY": "v2",
        "ROOT_ID": {"type": "ROOT", "id": "ROOT_ID", "children": ["GRID_ID"]},
        "GRID_ID": {"type": "GRID", "id": "GRID_ID", "children": rows, "parents": ["ROOT_ID"]},
    }
    for chart, row in zip(charts, rows, strict=True):
        key, above = f"CHART-{chart}", ["ROOT_ID", "GRID_ID"]
        look = {"background": "BACKGROUND_TRANSPARENT"}
        size = {"chartId": chart, "width": 12, "height": 110}
        position[row] = {"type": "ROW", "id": row, "children": [key], "parents": above, "meta": look}
        position[key] = {"type": "CHART", "id": key, "children": [], "parents": [*above, row], "meta": size}
    return position
