"""Many calls side by side: bounded at each main dealer, stopped when a key is of no use, and only then."""

import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from asking import own_call
from stand_in import Answer, Reply, Request, records, refusal, stand_in

from dlt_sources.dgi.fetched import Fetched
from dlt_sources.dgi.fetching import Fetcher
from dlt_sources.dgi.server import Call, Key
from dlt_sources.dgi.verdicts import Outcome

pytestmark = pytest.mark.slow

DEALERS = [f"0000{n}" for n in range(1, 5)]
BAD_TOKEN = refusal("Token Tidak Valid !!")


def calls_to(url: str, dealers: Sequence[str], each: int, **settings: Any) -> list[Call]:
    """So many calls a dealer, dealer after dealer, one attempt a call."""
    return [own_call(url, dealer, **{"attempts": 1, **settings}) for dealer in dealers for _ in range(each)]


def fetch(calls: Sequence[Call], **options: Any) -> list[Fetched]:
    known = {call.server.id: frozenset(DEALERS) for call in calls}
    return list(Fetcher(calls, known, **options))


def only_for(dealers: Sequence[str], answer: Reply) -> Answer:
    """Answers some dealers like this, and all others with no data."""
    return lambda request: answer if request.body["dealerId"] in dealers else records()


def test_every_call_ends_once_with_its_own_answer() -> None:
    def own_document(request: Request) -> Reply:
        return records({"idProspect": request.body["dealerId"]})

    with stand_in(own_document) as server:
        calls = calls_to(server.url, DEALERS, 25)
        ended = fetch(calls)
    assert sorted(one.call.id for one in ended) == sorted(call.id for call in calls)
    for one in ended:
        assert [(d.dealer_id, d.key) for d in one.reading.documents] == [(one.call.dealer_id, one.call.dealer_id)]


@pytest.mark.parametrize("bound", [1, 3])
def test_each_main_dealer_is_asked_by_no_more_than_it_bears_at_once(bound: int) -> None:
    def slowly(request: Request) -> Reply:
        return records(delay=0.05)

    with stand_in(slowly) as first, stand_in(slowly) as second:
        calls = calls_to(first.url, DEALERS, 3, id="ONE", concurrency=bound)
        calls += calls_to(second.url, DEALERS, 3, id="TWO", concurrency=4)
        ended = fetch(calls, threads={"TWO": 2})
    assert len(ended) == 24
    assert (first.most_at_once, second.most_at_once) == (bound, 2)


def test_a_key_that_is_refused_for_several_dealers_is_not_asked_with_again() -> None:
    with stand_in(lambda request: BAD_TOKEN) as server:
        ended = fetch(calls_to(server.url, DEALERS, 10, concurrency=1)[::-7] + calls_to(server.url, DEALERS, 10))
    assert len(server.requests) < 20
    spared = [one for one in ended if not one.answer.attempts]
    assert len(spared) == len(ended) - len(server.requests)
    assert all(one.answer.outcome is Outcome.FAILED for one in spared)
    assert all("not asked" in (one.answer.reason or "") for one in spared)
    assert all("does not accept" in (one.answer.reason or "") for one in spared)


def test_a_key_that_never_gets_an_answer_stops_after_some_time_outs() -> None:
    with stand_in(lambda request: records(delay=10)) as server:
        ended = fetch(calls_to(server.url, DEALERS, 5, concurrency=4, answer_timeout=0.5))
    assert len(ended) == 20
    assert 8 <= len(server.requests) <= 8 + 4


def test_the_only_dealer_of_a_key_is_reason_enough() -> None:
    with stand_in(lambda request: BAD_TOKEN) as server:
        ended = fetch(calls_to(server.url, DEALERS[:1], 10, concurrency=1))
    assert (len(ended), len(server.requests)) == (10, 3)


@pytest.mark.parametrize("answer", [BAD_TOKEN, Reply(b"", 503), Reply(b"", 404)], ids=["refused", "failed", "absent"])
def test_one_dead_dealer_among_several_does_not_stop_the_key(answer: Reply) -> None:
    with stand_in(only_for(DEALERS[:1], answer)) as server:
        ended = fetch(calls_to(server.url, DEALERS, 20, concurrency=1))
    assert len(server.requests) == 80
    arrived = [one.call.dealer_id for one in ended if one.answer.outcome.arrived]
    assert sorted(arrived) == sorted(DEALERS[1:] * 20)


def test_a_dead_dealer_and_a_hiccup_of_another_do_not_stop_the_key() -> None:
    hiccup = Reply(b"", 503)
    seen: set[str] = set()

    def answer(request: Request) -> Reply:
        dealer = request.body["dealerId"]
        first = dealer not in seen
        seen.add(dealer)
        return hiccup if dealer == DEALERS[0] or (dealer == DEALERS[1] and first) else records()

    with stand_in(answer) as server:
        fetch(calls_to(server.url, DEALERS, 12, concurrency=1))
    assert len(server.requests) == 48


def test_keys_are_judged_by_themselves() -> None:
    def by_key(request: Request) -> Reply:
        return BAD_TOKEN if request.headers["DGI-API-Key"] == "bad" else records()

    with stand_in(by_key) as server:
        good = calls_to(server.url, DEALERS[:2], 10)
        bad = [replace(call, key=Key("bad group", "bad", "secret")) for call in calls_to(server.url, DEALERS[2:], 10)]
        ended = fetch([one for pair in zip(good, bad, strict=True) for one in pair])
    arrived = {one.call.key.name for one in ended if one.answer.outcome.arrived}
    assert arrived == {"demo group"}
    assert sum(one.answer.outcome.arrived for one in ended) == 20


def test_who_stops_listening_stops_the_asking() -> None:
    with stand_in(lambda request: records(delay=0.01)) as server:
        calls = iter(Fetcher(calls_to(server.url, DEALERS, 100), {"OWN": frozenset(DEALERS)}))
        next(calls)
        calls.close()  # type: ignore[attr-defined]
        asked = len(server.requests)
        time.sleep(0.1)
        assert len(server.requests) == asked < 100
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("dgi")]


def test_an_error_of_our_own_ends_the_fetching_instead_of_hanging() -> None:
    def no_quota_table(call: Call) -> bool:
        raise RuntimeError("the quota cannot be read")

    with stand_in(lambda request: records()) as server, pytest.raises(RuntimeError, match="quota"):
        fetch(calls_to(server.url, DEALERS, 5), may_call=no_quota_table)
