"""How many pages a list has is asked for without an order, and is what the list has."""

import pytest
from house import House

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
LIST = {"columns": ["id", "ordered_on"], "metrics": [], "filters": [], "orderby": [["ordered_on", False], ["id", True]]}


@pytest.mark.parametrize("limit", [7, 1_000_000])
def test_rows_are_counted_without_an_order(house: House, limit: int) -> None:
    dataset, place = house.datasets["fct_order"].id, house.place("fct_order")

    def told(**more: object) -> dict[str, object]:
        form = {"form_data": place, "result_type": more.pop("result_type", "full")}
        answer = house.own.ask(dataset, LIST | {"row_limit": limit} | more, **form)
        assert answer.ok, answer.text
        return dict(answer.json()["result"][0])

    rows = told()["data"]
    assert isinstance(rows, list)
    assert told(is_rowcount=True)["data"] == [{"rowcount": len(rows)}]
    assert len(rows) == limit or len(rows) > 7
    assert "ORDER BY" not in str(told(is_rowcount=True, result_type="query")["query"])
    assert "ORDER BY ordered_on DESC, id ASC" in str(told(result_type="query")["query"])
