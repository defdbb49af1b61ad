"""SQL that is kept for everyone of a role has in it the dealers of whoever asks, and follows its rules."""

import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import people
import pytest
from house import COUNT, House
from people import Person

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
SECONDS = 60  # until a changed rule must count; it takes five


def sql(house: House, person: Person) -> str:
    """What Superset would ask Postgres for the person."""
    query = {"columns": ["dealer_id"], "metrics": [COUNT], "filters": [], "row_limit": 81}
    dataset, place = house.datasets["fct_order"].id, house.place("fct_order")
    answer = person.ask(dataset, query, form_data=place, result_type="query")
    assert answer.ok, answer.text
    return str(answer.json()["result"][0]["query"])


def dealers_in(text: str, house: House) -> set[str]:
    assert "whoever asks" not in text
    return {dealer for dealer in house.stack.dealers if f"'{dealer}'" in text}


def test_each_person_is_asked_for_with_their_own_dealers(house: House) -> None:
    for _ in range(2):  # the second time out of what is known
        assert dealers_in(sql(house, house.own), house) == {house.a}
        assert dealers_in(sql(house, house.other), house) == {house.b}
        assert dealers_in(sql(house, house.nobody), house) == set()
        assert dealers_in(sql(house, house.analyst), house) == set()
    assert "in (null)" in sql(house, house.nobody).lower()
    people.may_see(house.stack, house.other.name, house.a, house.b)
    try:
        assert dealers_in(sql(house, house.other), house) == {house.a, house.b}
    finally:
        people.may_see(house.stack, house.other.name, house.b)
    # Both tables of the dataset's SQL are narrowed, and the whole.
    assert sql(house, house.own).lower().count(f"dealer_id in ('{house.a}')") == 4


@contextmanager
def one_rule_more(house: House, clause: str) -> Iterator[None]:
    """A rule of the administrator's for orders, for as long as the block lasts."""
    roles = house.admin.get("/api/v1/security/roles/", q="(page_size:100)").json()
    role = next(i for i, one in zip(roles["ids"], roles["result"], strict=True) if one["name"] == "Dealer User")
    rule = {"name": f"of a test {uuid.uuid4().hex[:6]}", "filter_type": "Regular", "clause": clause, "roles": [role]}
    made = house.admin.post("/api/v1/rowlevelsecurity/", rule | {"tables": [house.datasets["fct_order"].id]})
    assert made.ok, made.text
    try:
        yield
    finally:
        assert house.admin.delete(f"/api/v1/rowlevelsecurity/{made.json()['id']}").ok


@pytest.mark.parametrize("template", ["'x' <> 'y'", "'{{ current_username() }}' <> ''"])
def test_a_rule_counts_within_seconds_for_the_tables_of_a_dataset_too(house: House, template: str) -> None:
    def times(person: Person) -> int:
        rule = template.replace("{{ current_username() }}", person.name)
        return " ".join(sql(house, person).split()).count(rule)

    def comes_to(person: Person, count: int) -> None:
        deadline = time.monotonic() + SECONDS
        while (found := times(person)) != count:
            assert time.monotonic() < deadline, (person.name, found, sql(house, person))
            time.sleep(0.5)

    assert times(house.own) == 0
    with one_rule_more(house, template):
        # In the mart within the dataset's SQL, and around it.
        comes_to(house.own, 2)
        comes_to(house.other, 2)
    comes_to(house.own, 0)
