"""Nobody without SQL Lab gets SQL into a question, wherever they put it, nor a source of data that is not theirs."""

from typing import Any

import pytest
from house import COUNT, DENIED, SHARED, House

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
MALFORMED = 400  # Superset sees for itself that it cannot be
WISHES: dict[str, dict[str, Any]] = {
    "SQL as a metric": {"metrics": [{"expressionType": "SQL", "sqlExpression": "count(*) + 0", "label": "x"}]},
    "SQL as a metric that says it is none": {
        "metrics": [{"expressionType": "SIMPLE", "aggregate": "MAX", "column": {"column_name": "dealer_id"},
                     "sqlExpression": "count(*) + 0", "label": "x"}]
    },
    "SQL as a column": {"columns": [{"label": "x", "sqlExpression": "current_user", "expressionType": "SIMPLE"}]},
    "SQL as the name of a column": {"columns": ["current_setting('dealer_dashboard.user_name')"]},
    "another name set": {
        "columns": ["set_config('dealer_dashboard.user_name', '{other}', false)"], "metrics": [COUNT]
    },
    "SQL as an order": {"columns": ["dealer_id"], "orderby": [["random()", True]]},
    "SQL as a filter's column": {
        "columns": ["dealer_id"], "filters": [{"col": {"label": "x", "sqlExpression": "1"}, "op": "==", "val": 1}]
    },
    "a condition": {"columns": ["dealer_id"], "extras": {"where": "1 = 1) or (1 = 1"}},
    "a condition on groups": {"columns": ["dealer_id"], "metrics": [COUNT], "extras": {"having": "count(*) > 0"}},
    "a query in a condition": {
        "columns": ["dealer_id"], "extras": {"where": "exists (select from marts.fct_order where dealer_id = '{b}')"}
    },
    "Jinja": {"columns": ["dealer_id"], "extras": {"where": "dealer_id = '{{{{ current_username() }}}}' or true"}},
    "SQL as a series": {"columns": ["dealer_id"], "metrics": [COUNT], "series_columns": ["version()"]},
}  # fmt: skip


@pytest.mark.parametrize("wish", WISHES)
def test_nobody_but_analysts_sends_sql(house: House, wish: str) -> None:
    def filled(part: Any) -> Any:
        if isinstance(part, str):
            return part.format(other=house.other.name, b=house.b) if "{" in part else part
        if isinstance(part, dict):
            return {name: filled(value) for name, value in part.items()}
        return [filled(each) for each in part] if isinstance(part, list) else part

    query = {"columns": [], "metrics": [], "row_limit": 10} | filled(WISHES[wish])
    dataset = house.datasets["fct_order"].id
    for around in ({}, {"form_data": house.place("fct_order")}):
        answer = house.own.ask(dataset, query, **around)
        assert "not with SQL" in answer.text or answer.status_code == MALFORMED, answer.text[:300]
        assert "result" not in answer.json()


def test_other_sources_of_data_are_closed(house: House) -> None:
    query = {"columns": ["dealer_id"], "metrics": [], "row_limit": 10}
    for source in ({"id": 1, "type": "query"}, {"id": 1, "type": "saved_query"}, {"id": 999_999, "type": "table"}):
        answer = house.own.post("/api/v1/chart/data", {"datasource": source, "queries": [query]})
        assert answer.status_code >= 400, (source, answer.text[:200])
    # Another dashboard's or chart's name does not open data that stand on none of theirs.
    for name in SHARED:
        place = house.place("fct_order")
        assert house.own.ask(house.datasets[name].id, query, form_data=place).status_code in DENIED
