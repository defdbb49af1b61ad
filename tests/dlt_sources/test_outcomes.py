"""How a call ends for every fault that the sandbox can be told to have, and how often it was tried."""

import re
import time
from dataclasses import replace
from typing import Any

import pytest
from asking import Fleet
from sandbox_orders import BOOK, MIXED, Sandbox, dates_back

from dlt_sources.dgi.client import Answer, Client
from dlt_sources.dgi.server import Call, Key
from dlt_sources.dgi.verdicts import Outcome
from sandbox.faults import KINDS

pytestmark = pytest.mark.slow

TEMPORARY = {
    "timeout": "no answer within 1.5 s",
    "slow_drip": "not complete after 3 s",
    "http_500": "HTTP 500",
    "http_503": "HTTP 503",
    "http_429": "HTTP 429",
    "reset": "the connection failed",
    "broken_json": "broken JSON",
    "cut_json": "broken JSON",
    "html": "HTML, not JSON",
    "quota": "quota is used up",
    "server_failure": "failed to read its own data",
}
PERMANENT = {
    "redirect": "redirects elsewhere",
    "wrong_token": "does not accept this API key and secret",
    "dealer_unknown": "Dealer Tidak Terdaftar",
    "range": "longer or older than the server allows",
    "not_found": "does not have this module",
}
# Of a whole group's request: tests/pipeline/test_whole_group_calls.py meets them.
OF_GROUPS = {"dealer_needed", "no_dealer_ids"}
ATTEMPTS = 3
SHORT = {"answer_timeout": 1.5}  # longer than the sandbox waits between two drips


def make_call(sandbox: Sandbox, main_dealer: str = BOOK, **settings: Any) -> Call:
    fleet = Fleet(sandbox.fleet, attempts=ATTEMPTS, answer_timeout=30, connect_timeout=10, **settings)
    return fleet.calls(sandbox.dealers(main_dealer)[:1], dates_back(3), ["prsp"])[0]


def ask(call: Call) -> Answer:
    answer = Client(max_wait=0.05).call(call)
    told = f"{answer.reason} {answer.notes}"
    for secret in (call.key.secret_key, call.key.api_key):
        assert secret not in told
    assert not re.search("[0-9a-f]{64}", told)
    return answer


def test_every_kind_of_fault_is_tested() -> None:
    assert {*TEMPORARY, *PERMANENT, *OF_GROUPS} == set(KINDS)


@pytest.mark.parametrize("main_dealer", [BOOK, MIXED])
def test_records_and_no_data(sandbox: Sandbox, main_dealer: str) -> None:
    call = make_call(sandbox, main_dealer)
    answer = ask(call)
    assert (answer.outcome, answer.attempts, answer.http_status) == (Outcome.RECORDS, 1, 200)
    assert answer.records
    assert answer.body_bytes > sum(map(len, answer.records))
    assert call.window.end <= answer.called_at <= answer.answered_at
    tomorrow = call.window.end.replace(year=call.window.end.year + 1)
    empty = Call(call.server, call.key, call.module, call.dealer_id, type(call.window)(tomorrow, tomorrow))
    assert (ask(empty).outcome, ask(empty).records) == (Outcome.NO_DATA, ())


@pytest.mark.parametrize("kind", TEMPORARY)
def test_a_temporary_fault_that_stays_is_tried_some_times_and_failed(sandbox: Sandbox, kind: str) -> None:
    call = _shortened(make_call(sandbox), SHORT if kind in ("timeout", "slow_drip") else {})
    sandbox.fault(kind, dealer=call.dealer_id)
    started = time.monotonic()
    answer = ask(call)
    assert (answer.outcome, answer.attempts, answer.stops_key) == (Outcome.FAILED, ATTEMPTS, False)
    assert sandbox.calls() == ATTEMPTS
    assert TEMPORARY[kind] in (answer.reason or "")
    assert time.monotonic() - started < 60


@pytest.mark.parametrize("kind", TEMPORARY)
def test_a_temporary_fault_that_ends_is_recovered_from(sandbox: Sandbox, kind: str) -> None:
    call = _shortened(make_call(sandbox), SHORT if kind in ("timeout", "slow_drip") else {})
    undisturbed = ask(make_call(sandbox))
    sandbox.forget_calls()
    sandbox.fault(kind, dealer=call.dealer_id, times=2)
    answer = ask(call)
    assert (answer.outcome, answer.attempts, answer.reason) == (Outcome.RECORDS, 3, None)
    assert set(map(bytes, undisturbed.records)) <= set(map(bytes, answer.records))
    assert sandbox.calls() == 3


@pytest.mark.parametrize("kind", PERMANENT)
def test_a_permanent_fault_is_tried_once_and_refused(sandbox: Sandbox, kind: str) -> None:
    call = make_call(sandbox)
    sandbox.fault(kind, dealer=call.dealer_id)
    answer = ask(call)
    assert (answer.outcome, answer.attempts) == (Outcome.REFUSED, 1)
    assert answer.stops_key == (kind == "wrong_token")
    assert sandbox.calls() == 1
    assert PERMANENT[kind] in (answer.reason or "")


@pytest.mark.parametrize("main_dealer", [BOOK, MIXED])
@pytest.mark.parametrize("what", ["secret", "key", "separator"])
def test_wrong_credentials_are_refused_in_words(sandbox: Sandbox, main_dealer: str, what: str) -> None:
    call = make_call(sandbox, main_dealer)
    wrong = {
        "secret": Call(call.server, Key("k", call.key.api_key, "wrong"), "prsp", call.dealer_id, call.window),
        "key": Call(call.server, Key("k", "wrong", call.key.secret_key), "prsp", call.dealer_id, call.window),
        "separator": _shortened(call, {"token_separator": "-"}),
    }[what]
    answer = ask(wrong)
    assert (answer.outcome, answer.attempts, answer.stops_key) == (Outcome.REFUSED, 1, True)
    assert "does not accept this API key and secret" in (answer.reason or "")


def test_keys_with_stray_spaces_are_accepted(sandbox: Sandbox) -> None:
    call = make_call(sandbox)
    padded = Key("k", f" {call.key.api_key} ", f"{call.key.secret_key}\n")
    assert ask(Call(call.server, padded, "prsp", call.dealer_id, call.window)).outcome is Outcome.RECORDS


def _shortened(call: Call, settings: dict[str, Any]) -> Call:
    return replace(call, server=replace(call.server, **settings))
