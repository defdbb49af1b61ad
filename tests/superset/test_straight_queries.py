"""A chart's query reaches Postgres as it was written, whatever is in it; what fails says why and breaks nothing."""

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from house import COUNT, House

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
TRICKY = ["100% %s %(x)s %%", "o'neil", "C:\\new", "{{ 1 }} {% x %}", "a; select 2 -- /*", ":x ::text", '"quoted"']


@pytest.fixture
def dataset(house: House) -> Iterator[Callable[[str], Any]]:
    """Makes a dataset of SQL of the administrator's; it goes when the test ends."""
    named = "(filters:!((col:database_name,opr:eq,value:Warehouse)))"
    (warehouse,) = house.admin.get("/api/v1/database/", q=named).json()["ids"]
    made: list[int] = []

    def make(sql: str) -> Any:
        content = {
            "database": warehouse,
            "schema": "marts",
            "table_name": f"of a test {uuid.uuid4().hex[:6]}",
            "sql": sql,
        }
        answer = house.admin.post("/api/v1/dataset/", content)
        if answer.ok:
            made.append(answer.json()["id"])
        return answer

    yield make
    for number in made:
        assert house.admin.delete(f"/api/v1/dataset/{number}").ok


def test_postgres_gets_what_superset_says_that_it_asks(house: House, dataset: Callable[[str], Any]) -> None:
    number = dataset("select current_query() as got, 1 as n").json()["id"]
    answer = house.admin.ask(
        number, {"columns": ["got"], "filters": [{"col": "n", "op": "<", "val": 2}], "row_limit": 5}
    )
    (result,) = answer.json()["result"]
    assert [row["got"].strip() for row in result["data"]] == [result["query"].strip().removesuffix(";").strip()]


@pytest.mark.parametrize("text", TRICKY)
def test_a_filter_finds_a_text_whatever_is_in_it(house: House, dataset: Callable[[str], Any], text: str) -> None:
    hexadecimal = text.encode().hex()
    number = dataset(f"select convert_from(decode('{hexadecimal}', 'hex'), 'UTF8') as t, 1 as n").json()["id"]

    def found(op: str, value: Any) -> list[Any]:
        query = {"columns": ["t"], "filters": [{"col": "t", "op": op, "val": value}], "row_limit": 5}
        return [row["t"] for row in house.admin.rows(number, query)]

    assert found("==", text) == [text]
    assert found("IN", [text, "another"]) == [text]
    assert found("!=", text) == []


def test_what_fails_says_why_and_the_next_question_is_answered(house: House, dataset: Callable[[str], Any]) -> None:
    number = dataset("select 1 as broken").json()["id"]
    failing = "select 1 / (n - n) as broken from (values (1)) as numbers (n)"
    assert house.admin.put(f"/api/v1/dataset/{number}", {"sql": failing}).ok
    for _ in range(20):  # more often than connections are kept
        answer = house.admin.ask(number, {"columns": ["broken"], "filters": [], "row_limit": 5})
        assert "division by zero" in answer.text
    query = {"columns": [], "metrics": [COUNT], "filters": []}
    (row,) = house.own.rows(house.datasets["fct_order"].id, query, form_data=house.place("fct_order"))
    assert row["n"] > 0


def test_a_dataset_of_several_statements_is_refused(house: House, dataset: Callable[[str], Any]) -> None:
    made = dataset("select 1 as n; select 2 as n")
    answer = house.admin.ask(made.json()["id"], {"columns": ["n"], "filters": [], "row_limit": 5}) if made.ok else made
    assert not answer.ok or answer.json()["result"][0]["error"]


def test_a_dataset_that_was_changed_is_asked_anew_at_once(house: House, dataset: Callable[[str], Any]) -> None:
    number = dataset("select 1 as n").json()["id"]
    query = {"columns": ["n"], "filters": [], "row_limit": 5}
    for value in (1, 2, 3):
        assert house.admin.put(f"/api/v1/dataset/{number}", {"sql": f"select {value} as n"}).ok
        assert house.admin.rows(number, query) == [{"n": value}]
