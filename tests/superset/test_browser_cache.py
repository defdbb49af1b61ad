"""What a page asks for once for each chart is kept by its browser for a while, and nothing else is."""

import re

import people
import pytest
from people import Person
from real_stack import Stack

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def analyst(stack: Stack) -> Person:
    return people.make(stack, people.admin(stack), "Analyst")


def seconds_kept(person: Person, path: str, **params: str) -> int:
    """For how long a browser keeps the answer, for whoever has the same session."""
    answer = person.get(path, **params)
    assert answer.ok, answer.text
    found = re.search(r"max-age=(\d+)", answer.headers.get("Cache-Control", ""))
    if found and int(found[1]):
        assert "private" in answer.headers["Cache-Control"]
        assert "Cookie" in answer.headers["Vary"]
    return int(found[1]) if found else 0


def test_ranges_of_days_and_details_of_data_are_kept(analyst: Person) -> None:
    assert seconds_kept(analyst, "/api/v1/time_range/", q="'Last month'") == 300
    datasets = analyst.get("/api/v1/dataset/", q="(page_size:1)").json()["ids"]
    assert seconds_kept(analyst, f"/api/v1/dataset/{datasets[0]}/drill_info/") == 300


def test_what_changes_sooner_is_not(analyst: Person) -> None:
    assert seconds_kept(analyst, "/api/v1/time_range/", q="'DATEADD(DATETIME(!'now!'), -3, hour) : now'") == 0
    assert seconds_kept(analyst, "/api/v1/dashboard/home") == 0
