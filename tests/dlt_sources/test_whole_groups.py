"""One request for all dealers of a key: who is put together, whose is what, and when they are asked alone after all."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from asking import DEMO_KEY, Fleet, day_window, own_server
from loading import Raw
from sandbox_orders import BOOK, MIXED, Sandbox, dates_back, today
from stand_in import Reply, Request, StandIn, records, refusal, stand_in

from dlt_sources.dgi.fetched import Fetched
from dlt_sources.dgi.fetching import Fetcher
from dlt_sources.dgi.groups import put_together
from dlt_sources.dgi.loading import load
from dlt_sources.dgi.server import Call
from dlt_sources.dgi.verdicts import Outcome

pytestmark = pytest.mark.slow

A, B, C = "00001", "00002", "00003"
GROUP = frozenset([A, B, C])
YESTERDAY = today() - timedelta(days=1)
Record = dict[str, Any]


def single_calls(url: str, dealers: Iterable[str] = (A, B, C), **settings: Any) -> list[Call]:
    server = own_server(url, **{"attempts": 1, "whole_group_calls": True, **settings})
    return [
        Call(server, DEMO_KEY, "prsp", dealer, day_window(YESTERDAY, YESTERDAY, server)) for dealer in sorted(dealers)
    ]


def group_call(url: str, dealers: Iterable[str] = (A, B, C), **settings: Any) -> Call:
    members = tuple(single_calls(url, dealers, **settings))
    return replace(members[0], dealer_id="", members=members, group=GROUP)


def prospect(dealer: str | None, key: str, **more: Any) -> Record:
    created = YESTERDAY.strftime("%d/%m/%Y 08:00:00")
    record = {"idProspect": key, "dealerId": dealer, "createdTime": created, "modifiedTime": created, **more}
    return {name: value for name, value in record.items() if value is not None}


class MainDealer:
    """Has what the test says, and gives it to requests for one dealer and for all."""

    def __init__(self) -> None:
        self.has = [prospect(A, "P1"), prospect(A, "P2"), prospect(B, "P3")]
        self.to_groups: Reply | None = None

    def __call__(self, request: Request) -> Reply:
        asked = request.body.get("dealerId")
        if asked is None and self.to_groups:
            return self.to_groups
        return records(*(one for one in self.has if asked in (None, one.get("dealerId", asked))))


@pytest.fixture
def main_dealer() -> MainDealer:
    return MainDealer()


@pytest.fixture
def server(main_dealer: MainDealer) -> Iterator[StandIn]:
    with stand_in(main_dealer) as one:
        yield one


Fetch = Callable[..., dict[str, Fetched]]


@pytest.fixture
def fetch(server: StandIn) -> Fetch:
    def made(*calls: Call, **options: Any) -> dict[str, Fetched]:
        ended = list(Fetcher(calls, {"OWN": GROUP | {"00009"}}, **options))
        assert Counter(one.call.id for one in ended).most_common(1)[0][1] == 1
        assert sum(one.answer.attempts for one in ended) == len(server.requests)
        return {one.call.dealer_id: one for one in ended}

    return made


def asked(server: StandIn) -> list[str | None]:
    return [request.body.get("dealerId") for request in server.requests]


def keys(one: Fetched) -> list[str]:
    return [document.key for document in one.reading.documents]


def test_calls_are_put_together_where_most_of_a_key_is_asked_for_the_same() -> None:
    calls = single_calls("http://h")
    groups = {("OWN", "demo group"): GROUP}
    (whole,) = put_together(calls, groups)
    assert (whole.dealer_id, whole.members, "dealerId" in whole.body()) == ("", tuple(calls), False)
    assert put_together(calls[:2], groups)[0].members == tuple(calls[:2])
    assert put_together(calls[:1], groups) == calls[:1]
    assert put_together(calls[:2], {("OWN", "demo group"): frozenset(map(str, range(5)))}) == calls[:2]
    assert put_together(calls, groups, {("OWN", "demo group", "prsp")}) == calls
    assert put_together(single_calls("http://h", whole_group_calls=False), groups)[0].members == ()
    later = replace(calls[2].window, start=calls[2].window.start + timedelta(hours=1))
    others = [calls[0], replace(calls[1], module="spk"), replace(calls[2], window=later)]
    assert put_together(others, groups) == others


def test_an_answer_is_everybodys_own(server: StandIn, fetch: Fetch) -> None:
    whole = group_call(server.url)
    ended = fetch(whole)
    assert asked(server) == [None]
    assert {dealer: keys(one) for dealer, one in ended.items()} == {A: ["P1", "P2"], B: ["P3"], C: []}
    assert [ended[d].answer.outcome for d in (A, B, C)] == [Outcome.RECORDS, Outcome.RECORDS, Outcome.NO_DATA]
    assert [ended[d].received for d in (A, B, C)] == [2, 1, 0]
    assert [ended[d].answer.attempts for d in (A, B, C)] == [1, 0, 0]
    assert {one.request_id for one in ended.values()} == {whole.id}
    body = len(records(*[prospect(A, "P1"), prospect(A, "P2"), prospect(B, "P3")]).body)
    assert sum(one.answer.body_bytes for one in ended.values()) == body
    assert ended[B].by_day == {(B, YESTERDAY): (1, len(ended[B].reading.documents[0].payload))}


def test_who_was_not_asked_for_is_left_out_and_who_is_unknown_is_rejected(
    server: StandIn, main_dealer: MainDealer, fetch: Fetch
) -> None:
    main_dealer.has += [prospect(C, "P4"), prospect("77777", "P5"), prospect("00009", "P6"), prospect(B, "")]
    ended = fetch(group_call(server.url, [A, B]))
    # A registered dealer of another key is what it is with a single dealer's call: kept under its own number.
    assert (keys(ended[A]), keys(ended[B])) == (["P1", "P2", "P6"], ["P3"])
    assert [(r.dealer_id, r.reason[:12]) for r in ended[A].reading.rejected] == [("77777", "dealer 77777")]
    assert [(r.dealer_id, r.reason[:13]) for r in ended[B].reading.rejected] == [(B, "no idProspect")]
    assert (ended[A].is_whole, ended[B].is_whole) == (True, False)
    assert ended[A].answer.notes == ("1 records of the group's dealers that were not asked for were left out",)


@pytest.mark.parametrize("dealers", [[A, B], [A]], ids=["one of three", "two of three"])
def test_a_dealer_disabled_meanwhile_is_not_asked_for(server: StandIn, fetch: Fetch, dealers: list[str]) -> None:
    ended = fetch(group_call(server.url), objection=lambda call: None if call.dealer_id in dealers else "disabled")
    assert asked(server) == ([None] if len(dealers) == 2 else [A])
    assert {dealer: one.answer.reason for dealer, one in ended.items() if dealer not in dealers} == dict.fromkeys(
        GROUP - set(dealers), "disabled"
    )
    assert keys(ended[A]) == ["P1", "P2"]


@pytest.mark.parametrize(
    ("answer", "settings", "reason"),
    [
        (refusal("Parameter dealerId Wajib Diisi"), {}, "dealerId Wajib"),
        (refusal("Dealer Tidak Terdaftar"), {}, "Tidak Terdaftar"),
        (Reply(b"", 400), {}, "HTTP 400"),
        (Reply(b"", 403), {}, "HTTP 403"),
        (Reply(b"", 504), {}, "HTTP 504"),
        (records(prospect(A, "P1", namaLengkap="x" * 3000)), {"max_answer_bytes": 2048}, "larger than"),
        (records(delay=9), {"answer_timeout": 2}, "time-out"),
    ],
    ids=["dealer needed", "dealer unknown", "400", "403", "504", "too large", "too slow"],
)
def test_what_is_too_much_at_once_is_asked_for_dealer_by_dealer(
    server: StandIn, main_dealer: MainDealer, fetch: Fetch, answer: Reply, settings: dict[str, Any], reason: str
) -> None:
    main_dealer.to_groups = answer
    ended = fetch(group_call(server.url, concurrency=1, **settings))
    assert asked(server) == [None, A, B, C]
    assert [keys(ended[d]) for d in (A, B, C)] == [["P1", "P2"], ["P3"], []]
    assert [ended[d].answer.attempts for d in (A, B, C)] == [2, 1, 1]
    for one in ended.values():
        # What may be over tomorrow is a note, and tried again by the next run.
        assert (one.asked_alone is None) is (reason in ("HTTP 504", "time-out"))
        assert reason in (one.asked_alone or one.answer.notes[-1]) and one.request_id is None


def test_once_in_vain_is_enough_for_a_key_and_module(server: StandIn, main_dealer: MainDealer) -> None:
    main_dealer.to_groups = refusal("Parameter dealerId Wajib Diisi")
    calls = [group_call(server.url, concurrency=1) for _ in range(4)]
    ended = list(Fetcher(calls, {"OWN": GROUP}))
    assert len(ended) == 12 and all(one.answer.outcome.arrived for one in ended)
    assert Counter(asked(server)) == {None: 1, A: 4, B: 4, C: 4}


def test_a_worker_that_waits_helps_when_a_group_is_asked_for_dealer_by_dealer(
    server: StandIn, main_dealer: MainDealer, fetch: Fetch
) -> None:
    main_dealer.to_groups = Reply(b"", 400)
    main_dealer.has = []
    server.answer = lambda request: replace(main_dealer(request), delay=1)
    fetch(group_call(server.url, concurrency=3))
    assert server.most_at_once == 3


def test_records_of_nobody_are_rejected_and_everybody_is_asked_alone(
    server: StandIn, main_dealer: MainDealer, fetch: Fetch
) -> None:
    main_dealer.to_groups = records(prospect(None, "P1"), prospect(A, "P2"), b"null")
    ended = fetch(group_call(server.url, concurrency=1))
    assert asked(server) == [None, A, B, C]
    assert [keys(ended[d]) for d in (A, B, C)] == [["P1", "P2"], ["P3"], []]
    assert {(r.dealer_id, r.reason) for r in ended[A].reading.rejected} == {
        ("", "no dealerId, and no dealer was asked for"), ("", "the record is no object but null")
    }  # fmt: skip
    assert ended[A].is_whole and "of 2 records" in (ended[A].asked_alone or "")


def test_no_records_of_anybody_are_not_believed(server: StandIn, main_dealer: MainDealer, fetch: Fetch) -> None:
    main_dealer.to_groups = records()
    ended = fetch(group_call(server.url, concurrency=1))
    assert asked(server) == [None, A, B, C]
    assert [keys(ended[d]) for d in (A, B, C)] == [["P1", "P2"], ["P3"], []]
    assert ended[B].asked_alone is None, "it says nothing about other windows"
    assert "of nobody" in ended[B].answer.notes[0]


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (Reply(b"", 500), Outcome.FAILED),
        (Reply(b"", 404), Outcome.REFUSED),
        (refusal("Invalid Token"), Outcome.REFUSED),
    ],
    ids=["500", "404", "bad token"],
)
def test_what_is_no_matter_of_size_fails_for_all(
    server: StandIn, main_dealer: MainDealer, fetch: Fetch, answer: Reply, outcome: Outcome
) -> None:
    main_dealer.to_groups = answer
    ended = fetch(group_call(server.url, attempts=2))
    assert set(asked(server)) == {None}
    assert {one.answer.outcome for one in ended.values()} == {outcome}
    assert len({one.request_id for one in ended.values()} - {None}) == 1


def test_a_bad_key_is_asked_with_three_times_for_whole_groups_too(server: StandIn, main_dealer: MainDealer) -> None:
    main_dealer.to_groups = refusal("Invalid Token")
    ended = list(Fetcher([group_call(server.url, concurrency=1) for _ in range(10)], {"OWN": GROUP}))
    assert (len(ended), len(server.requests)) == (30, 3)


def test_a_missing_document_is_judged_by_its_own_dealer_only(
    server: StandIn, main_dealer: MainDealer, raw: Raw
) -> None:
    def pull(*dealers: str) -> None:
        loaded = load(Fetcher([group_call(server.url, dealers)], {"OWN": GROUP}), raw.url, "run 7")
        assert loaded.miscounted == {}

    main_dealer.has += [prospect(C, "P4"), prospect(C, "P5")]
    pull(A, B, C)
    before = raw.versions()
    pull(A, B, C)
    assert raw.versions() == before

    main_dealer.has = [prospect(A, "P1"), prospect(B, "P3"), prospect(B, "")]
    pull(A, B)
    gone = raw.rows("prsp", "dealer_id, document_key", "is_deleted")
    assert gone == [(A, "P2")], "C was not asked for"
    main_dealer.has = [prospect(A, "P1"), prospect(B, "")]
    pull(A, B, C)
    gone = raw.rows("prsp", "dealer_id, document_key", "is_deleted")
    # One of B's records cannot be used: it may be the missing one.
    assert sorted(gone) == [(A, "P2"), (C, "P4"), (C, "P5")]

    rows = raw.rows("api_call", "dealer_id, request_id, attempts, documents, deleted, answer_bytes")
    assert sum(attempts for _, _, attempts, *_ in rows) == len(server.requests) == 4
    assert len({request for _, request, *_ in rows}) == 4 and len(rows) == 11


@pytest.mark.parametrize("main_dealer_id", [BOOK, MIXED])
def test_whole_groups_bring_what_single_dealers_do(
    sandbox: Sandbox, fleet: Fleet, raw: Raw, main_dealer_id: str
) -> None:
    dealers = sandbox.dealers(main_dealer_id)
    singles = [
        replace(call, server=replace(call.server, whole_group_calls=True))
        for call in fleet.calls(dealers, dates_back(30)[-7:])
    ]
    groups: dict[tuple[str, str], set[str]] = {}
    for call in singles:
        groups.setdefault((call.server.id, call.key.name), set()).add(call.dealer_id)
    wholes = put_together(singles, {name: frozenset(some) for name, some in groups.items()})
    assert all(call.members for call in wholes) and len(wholes) < len(singles) / 2
    # K4B names the dealer of a record only where none was asked for: that is no change of the document.
    load(Fetcher(singles, fleet.known_dealers), raw.url)
    by_dealer = raw.versions()
    loaded = load(Fetcher(wholes, fleet.known_dealers), raw.url)
    assert loaded.miscounted == {} and raw.versions() == by_dealer
    assert {call.call.dealer_id for call in loaded.calls} == set(dealers)
    raw.empty()
    load(Fetcher(wholes, fleet.known_dealers), raw.url)
    from_wholes = raw.versions()
    assert {row[:3] for row in from_wholes} == {row[:3] for row in by_dealer}
    assert len(from_wholes) == len(by_dealer)
    load(Fetcher(singles, fleet.known_dealers), raw.url)
    assert raw.versions() == from_wholes
    assert raw.rows("rejected_record", "reason") == []
