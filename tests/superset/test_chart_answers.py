"""Answers that are given again as they were sent: to those who would get the same, and to nobody else."""

import json
import time
from typing import Any

import people
import pytest
from house import COUNT, House
from people import Person

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
DATASET = "fct_order"


@pytest.fixture
def limits() -> Any:
    """Numbers of rows that nobody has asked for: with one of them a chart is a new one."""
    return iter(range(int(time.time()) % 100_000 + 1000, 10**9))


def asked(house: House, person: Person, limit: int, **more: Any) -> dict[str, Any]:
    """The result that a chart on a dashboard gets."""
    query = {"columns": ["dealer_id"], "metrics": [COUNT], "filters": [], "row_limit": limit}
    answer = person.ask(house.datasets[DATASET].id, query, form_data=house.place(DATASET), **more)
    assert answer.ok, answer.text
    (result,) = answer.json()["result"]
    return result


def test_the_second_answer_is_the_first_and_says_that_it_was_kept(house: House, limits: Any) -> None:
    limit = next(limits)
    first, *later = [asked(house, house.own, limit) for _ in range(4)]
    assert not first["is_cached"]
    assert first["data"]
    for again in later:
        assert again["is_cached"]
        assert again["cached_dttm"]
        changing = ("is_cached", "cached_dttm")
        assert {k: v for k, v in again.items() if k not in changing} == {
            k: v for k, v in first.items() if k not in changing
        }


def test_nobody_gets_what_was_kept_for_somebody_else(house: House, limits: Any) -> None:
    limit = next(limits)
    for _ in range(3):
        for person, dealers in ((house.own, {house.a}), (house.other, {house.b}), (house.nobody, set())):
            assert {row["dealer_id"] for row in asked(house, person, limit)["data"]} == dealers
        assert {row["dealer_id"] for row in asked(house, house.analyst, limit)["data"]} > {house.a, house.b}


def test_whose_dealers_change_gets_others_at_once(house: House, limits: Any) -> None:
    limit = next(limits)
    for _ in range(2):
        asked(house, house.other, limit)
    people.may_see(house.stack, house.other.name, house.a)
    try:
        assert {row["dealer_id"] for row in asked(house, house.other, limit)["data"]} == {house.a}
    finally:
        people.may_see(house.stack, house.other.name, house.b)


def test_who_is_closed_out_is_given_nothing_more(house: House, limits: Any) -> None:
    limit = next(limits)
    person = people.make(house.stack, house.admin, "Dealer User", (house.a,))
    for _ in range(2):
        assert asked(house, person, limit)["data"]
    found = house.admin.get("/api/v1/security/users/", q=f"(filters:!((col:username,opr:eq,value:'{person.name}')))")
    (number,) = found.json()["ids"]
    assert house.admin.put(f"/api/v1/security/users/{number}", {"active": False}).ok
    query = {"columns": ["dealer_id"], "metrics": [COUNT], "filters": [], "row_limit": limit}
    answer = person.ask(house.datasets[DATASET].id, query, form_data=house.place(DATASET))
    assert not answer.ok or "result" not in answer.text


def test_what_is_forced_is_computed_and_takes_the_place_of_what_was_kept(house: House, limits: Any) -> None:
    limit = next(limits)
    kept = [asked(house, house.own, limit)["cached_dttm"] for _ in range(2)][1]
    time.sleep(1.1)  # it is told in seconds
    assert not asked(house, house.own, limit, force=True)["is_cached"]
    assert asked(house, house.own, limit)["cached_dttm"] > kept


def test_an_export_is_not_taken_for_an_answer(house: House, limits: Any) -> None:
    query = {"columns": ["dealer_id"], "metrics": [COUNT], "filters": [], "row_limit": next(limits)}
    dataset, place = house.datasets[DATASET].id, house.place(DATASET)
    for _ in range(2):
        house.analyst.ask(dataset, query, form_data=place)
        exported = house.analyst.ask(dataset, query, form_data=place, result_format="csv")
        assert exported.headers["Content-Type"].startswith("text/csv"), exported.text[:200]


@pytest.mark.parametrize("word", ["100% %s", "o'neil", "C:\\new", ":x ::text", "'; select 1 --", "<NULL>", "a\tb\t"])
def test_words_chosen_in_a_filter_are_filled_in_as_superset_would(house: House, word: str) -> None:
    """On a dashboard the SQL is kept with the words left open; elsewhere Superset writes it."""
    dataset = house.datasets[DATASET].id

    def sql(chosen: list[str], **form: Any) -> str:
        query = {"columns": ["dealer_id"], "metrics": [COUNT], "row_limit": 82}
        query["filters"] = [{"col": "order_number", "op": "IN", "val": chosen}]
        answer = house.analyst.ask(dataset, query, result_type="query", **form)
        assert answer.ok, answer.text
        return str(answer.json()["result"][0]["query"])

    of_board = [sql(chosen, form_data=house.place(DATASET)) for chosen in (["another", "one"], [word, "another"])]
    assert "'another', 'one'" in of_board[0].replace("\n", " ")
    (escaped,) = {word.replace("'", "''").rstrip("\t")} if word != "<NULL>" else {"another"}
    assert f"'{escaped}'" in of_board[1]
    assert ("IS NULL" in of_board[1].upper()) == (word == "<NULL>")


def test_pages_that_tell_of_themselves_leave_no_trace_and_other_tales_do(house: House) -> None:
    def tell(*events: str) -> None:
        told = {"events": json.dumps([{"event_name": event, "ts": 1, "source": "dashboard"} for event in events])}
        answer = house.own.session.post(f"{house.stack.url}/superset/log/?explode=events", data=told, timeout=60)
        assert answer.ok, answer.text

    def kept(event: str) -> int:
        logs = house.admin.get("/api/v1/log/", q="(page_size:100,order_column:dttm,order_direction:desc)").json()
        return sum(f'"event_name": "{event}"' in (one["json"] or "") for one in logs["result"])

    tell("load_chart")
    tell("export_csv_dashboard_chart", "load_chart")
    assert kept("export_csv_dashboard_chart") == 1
    assert kept("load_chart") == 0
