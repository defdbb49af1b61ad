"""What pages are told of dashboards: the same for people of a role, and nobody else; and filters, each their own."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from house import COUNT, DENIED, House
from people import Person

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
SECONDS = 60  # until a change must be seen; it takes five
SLUG = "prospect-data"


def asked(house: House) -> list[str]:
    """What the page of a dashboard asks for."""
    board, data = house.boards[SLUG], next(one["dataset"] for one in house.charts if one["slug"] == SLUG)
    about = f"/api/v1/dashboard/{SLUG}"
    drill = f"/api/v1/dataset/{house.datasets[data].id}/drill_info/?q=(dashboard_id:{board})"
    return [about, f"{about}/charts", f"{about}/datasets", f"/api/v1/dashboard/{board}/charts", drill]


def comes(holds: Callable[[], Any], what: str) -> None:
    deadline = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < deadline, f"never came: {what}"
        time.sleep(0.5)


def lasting(said: Any) -> Any:
    """What was said, but for what two processes say differently: how long ago something was changed, and a picture's
    address, which has in it who asked first."""
    if isinstance(said, list):
        return [lasting(one) for one in said]
    if isinstance(said, dict):
        left_out = ("humanized", "thumbnail_url")
        return {name: lasting(one) for name, one in said.items() if not name.endswith(left_out)}
    return said


def test_people_of_a_role_are_told_the_same(house: House) -> None:
    for path in asked(house):
        first, again, other = house.own.get(path), house.own.get(path), house.other.get(path)
        assert first.ok, (path, first.text[:300])
        said, said_again, said_to_other = (lasting(one.json()) for one in (first, again, other))
        assert said == said_again, path
        assert said == said_to_other, path
        assert house.admin.get(path).ok


@contextmanager
def changed(house: House, path: str, **change: Any) -> Iterator[None]:
    """Something in Superset as it is for as long as the block lasts, changed by the administrator."""
    before = house.admin.get(path).json()["result"]
    put = house.admin.put(path, change)
    assert put.ok, put.text
    try:
        yield
    finally:
        assert house.admin.put(path, {name: before[name] for name in change}).ok


def test_a_change_is_seen_within_seconds_and_at_once_by_who_made_it(house: House) -> None:
    chart = next(one for one in house.charts if one["slug"] == SLUG)
    path = f"/api/v1/dashboard/{SLUG}/charts"

    def names(person: Person) -> set[str]:
        return {one["slice_name"] for one in person.get(path).json()["result"]}

    before = names(house.own)
    with changed(house, f"/api/v1/chart/{chart['id']}", slice_name="Named by a test"):
        assert "Named by a test" in names(house.admin)
        comes(lambda: "Named by a test" in names(house.own), "the chart's new name")
    comes(lambda: names(house.own) == before, "the chart's old name")


def test_what_is_no_longer_open_is_closed_within_seconds(house: House) -> None:
    """The page and its charts' data, though both were given a moment ago."""
    data = next(one["dataset"] for one in house.charts if one["slug"] == SLUG)
    chart = next(one for one in house.charts if one["slug"] == SLUG and one["dataset"] == data)
    query = {"columns": ["dealer_id"], "metrics": [COUNT], "row_limit": 82}

    def answers() -> list[int]:
        pages = [house.own.get(path).status_code for path in asked(house)]
        elsewhere = {one["board"] for one in house.charts if one["dataset"] == data} - {chart["board"]}
        if elsewhere:  # then its details may be looked into from there
            return pages[:-1]
        place = {"slice_id": chart["id"], "dashboardId": chart["board"]}
        return [*pages, house.own.ask(house.datasets[data].id, query, form_data=place).status_code]

    assert set(answers()) == {200}
    with changed(house, f"/api/v1/dashboard/{house.boards[SLUG]}", published=False):
        comes(lambda: all(status in DENIED for status in answers()), "no answer to a closed dashboard")
    comes(lambda: set(answers()) == {200}, "answers to the dashboard, open again")
    assert house.stray.get(asked(house)[1]).status_code in DENIED


def test_people_of_one_office_keep_filters_of_their_own(house: House) -> None:
    """They have the same address and browser, and each browser counts its tabs from 1."""
    path = f"/api/v1/dashboard/{house.boards[SLUG]}/filter_state"
    keys: dict[str, str] = {}
    for person in (house.own, house.other):
        keys[person.name] = person.post(f"{path}?tab_id=1", {"value": f'"first of {person.name}"'}).json()["key"]
    for person in (house.own, house.other):
        place = f"{path}/{keys[person.name]}"
        assert person.put(f"{place}?tab_id=1", {"value": f'"second of {person.name}"'}).ok
        assert person.get(place).json()["value"] == f'"second of {person.name}"'
    assert len(set(keys.values())) == 2
