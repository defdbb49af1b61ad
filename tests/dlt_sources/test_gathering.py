"""Documents that came as several records: no line lost, none multiplied."""

import json
from functools import reduce
from itertools import product
from math import gcd
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlt_sources.dgi.gathering import gather

CHILDREN = ["services", "parts"]
HEADER = {"noWorkOrder": "W1", "createdTime": "04/05/2026 08:00:00", "modifiedTime": "04/05/2026 09:00:00"}


def line(text: str) -> dict[str, str]:
    return {"idJob": text}


def pairs(services: list[Any], parts: list[Any]) -> list[dict[str, Any]]:
    """A work order as some servers send it; where one list is empty, its records have no line of it."""
    split = product([[one] for one in services] or [[]], [[one] for one in parts] or [[]])
    return [{**HEADER, "services": service, "parts": part} for service, part in split]


def rows(*lines: str, **header: str) -> list[dict[str, Any]]:
    return [{**HEADER, **header, "detail": [line(one)]} for one in lines]


def unordered(lines: list[Any]) -> list[str]:
    return sorted(json.dumps(one, sort_keys=True) for one in lines)


def test_a_delivery_of_a_row_per_line() -> None:
    gathered = gather(rows("a", "b", "c"), ["detail"])
    assert gathered.value == {**HEADER, "detail": [line("a"), line("b"), line("c")]}
    assert gathered.parts == [0, 1, 2]


def test_a_line_that_stands_there_twice_beside_others_stays_twice() -> None:
    assert gather(rows("a", "a", "b"), ["detail"]).value["detail"] == [line("a"), line("a"), line("b")]


@pytest.mark.parametrize("times", [2, 3])
def test_an_answer_that_repeats_its_records_counts_once(times: int) -> None:
    assert gather(rows("a") * times, ["detail"]).value == rows("a")[0]
    assert gather(rows("a", "b") * times, ["detail"]).value["detail"] == [line("a"), line("b")]
    whole = {**HEADER, "services": [line("s"), line("t")], "parts": [line("p")]}
    gathered = gather([whole] * times, CHILDREN)
    assert gathered.value == whole
    assert len(gathered.parts) == 1
    assert len(gather([HEADER] * times, []).parts) == 1


@pytest.mark.parametrize(
    ("services", "parts"),
    [
        (["s"], ["p"]),
        (["s"], ["p", "q", "r"]),
        (["s", "t"], ["p"]),
        (["s", "t"], ["p", "q", "r"]),
        (["s"], ["p", "p", "q"]),
        (["s", "t"], ["p", "p", "q"]),
        (["s", "s", "t"], ["p", "q", "q", "q"]),
        (["s", "t"], []),
        ([], ["p", "q"]),
        ([], []),
    ],
)
def test_pairs_of_services_and_parts(services: list[str], parts: list[str]) -> None:
    sent = {"services": [line(one) for one in services], "parts": [line(one) for one in parts]}
    value = gather(pairs(sent["services"], sent["parts"]), CHILDREN).value
    assert unordered(value["services"]) == unordered(sent["services"])
    assert unordered(value["parts"]) == unordered(sent["parts"])


def _tellable(lines: list[dict[str, str]]) -> bool:
    """Whether a list can be told from one that was sent several times over: not every line is repeated alike."""
    counts = [lines.count(one) for one in lines]
    return reduce(gcd, counts, 0) <= 1


_LINE = st.fixed_dictionaries({"idJob": st.sampled_from("abcde"), "total": st.integers(0, 3)})
_LINES = st.lists(_LINE, max_size=6).filter(_tellable)


@given(_LINES, _LINES, st.randoms())
def test_any_pairs_gather_back_to_their_lists_in_whatever_order_they_come(services: Any, parts: Any, rng: Any) -> None:
    sent = pairs(services, parts)
    rng.shuffle(sent)
    value = gather(sent, CHILDREN).value
    assert unordered(value["services"]) == unordered(services)
    assert unordered(value["parts"]) == unordered(parts)
    assert {name: value[name] for name in HEADER} == HEADER


@given(st.lists(_LINE, min_size=1, max_size=8).filter(_tellable))
def test_any_rows_gather_back_to_their_list_in_order(lines: Any) -> None:
    sent = [{**HEADER, "detail": [one]} for one in lines]
    assert gather(sent, ["detail"]).value["detail"] == lines


@pytest.mark.parametrize("times", [("04/05/2026 09:00:00", "03/06/2026 08:00:00"), ("2026/05/04 09:00:00", "")])
def test_of_versions_side_by_side_the_one_modified_last_counts(times: tuple[str, str]) -> None:
    """Also where it has one line: an older version's lines are not this one's. Without a time it was not changed."""
    late = max(times, key=lambda text: (bool(text), text[3:5]))
    versions = [{**HEADER, "modifiedTime": time, "status": time, "unit": [line(time)]} for time in times]
    for sent in (versions, versions[::-1], versions * 2):
        gathered = gather(sent, ["unit"])
        assert gathered.value["status"] == late
        assert gathered.value["unit"] == [line(late)]
        assert len(gathered.parts) == 1


def test_versions_that_differ_in_their_times_only_are_one_document() -> None:
    older, newer = (
        {**HEADER, "unit": [line("u")]},
        {**HEADER, "modifiedTime": "05/05/2026 07:00:00", "unit": [line("u")]},
    )
    assert gather([newer, older], ["unit"]).value == newer


def test_versions_with_several_lines_each() -> None:
    older = {**HEADER, "unit": [line("u"), line("v")]}
    newer = {**HEADER, "modifiedTime": "05/05/2026 07:00:00", "unit": [line("u")]}
    assert gather([newer, older], ["unit"]).value == newer
    assert gather([older, newer], ["unit"]).value == newer


def test_rows_of_the_newest_version_are_gathered_without_those_of_the_older() -> None:
    older = rows("a", "b", status="1")
    newer = rows("a", "c", status="2", modifiedTime="05/05/2026 07:00:00")
    assert gather([*newer, *older], ["detail"]).value["detail"] == [line("a"), line("c")]
