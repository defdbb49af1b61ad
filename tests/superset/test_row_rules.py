"""SQL that is kept for everyone of a role has in it the dealers of whoever asks."""

import people
import pytest
from house import COUNT, House
from people import Person

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


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
