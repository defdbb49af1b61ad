"""Datasets that charts share: each person still sees their own rows, and a change counts within seconds."""

import time
from typing import Any

import pytest
from house import COUNT, House, at_once
from people import Person

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
SECONDS = 60  # until a change must count; it takes five
DATASET = "fct_order"


def ask(house: House, person: Person, metric: Any) -> Any:
    query = {"columns": [], "metrics": [metric], "filters": []}
    return person.ask(house.datasets[DATASET].id, query, form_data=house.place(DATASET), force=True)


def test_people_who_ask_at_once_see_their_own_rows(house: House) -> None:
    def count(person: Person) -> int:
        answer = ask(house, person, COUNT)
        assert answer.ok, answer.text
        return int(answer.json()["result"][0]["data"][0]["n"])

    people = [house.own, house.other, house.nobody, house.analyst]
    alone = [count(person) for person in people]
    assert 0 < alone[0] < alone[3]
    assert 0 < alone[1] < alone[3]
    assert alone[2] == 0
    assert at_once(count, people * 10) == alone * 10


def test_a_new_metric_counts_within_seconds(house: House) -> None:
    path = f"/api/v1/dataset/{house.datasets[DATASET].id}"
    kept = [
        {key: metric[key] for key in ("id", "metric_name", "expression")}
        for metric in house.admin.get(path).json()["result"]["metrics"]
    ]
    assert not ask(house, house.own, "of_a_test").ok
    added = {"metric_name": "of_a_test", "expression": "count(*) + 7"}
    assert house.admin.put(path, {"metrics": [*kept, added]}).ok
    try:
        deadline = time.monotonic() + SECONDS
        while not (answer := ask(house, house.own, "of_a_test")).ok:
            assert time.monotonic() < deadline, answer.text
            time.sleep(0.5)
        rows = ask(house, house.own, COUNT).json()["result"][0]["data"][0]["n"]
        assert answer.json()["result"][0]["data"] == [{"of_a_test": rows + 7}]
    finally:
        assert house.admin.put(path, {"metrics": kept}).ok
