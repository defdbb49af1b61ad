"""Every fault that can be ordered, as a client sees it; calls are counted."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import pytest
import requests
from sandbox_client import BOOK, MIXED, Client, days

from sandbox.faults import KINDS

_REFUSALS = {
    "quota": "Kuota Permintaan Harian Telah Habis",
    "wrong_token": "Token Tidak Valid !!",
    "dealer_unknown": "Dealer Tidak Terdaftar",
    "range": "Melebihi Rentang Waktu Pengambilan Data",
    "server_failure": "Gagal Mengambil Data",
    "dealer_needed": "Parameter dealerId Wajib Diisi",
}
_STATUSES = {"http_500": 500, "http_503": 503, "http_429": 429, "not_found": 404, "html": 200, "redirect": 302}
_BROKEN = ("broken_json", "cut_json")
_NO_ANSWER = {"timeout": (requests.Timeout, 0.4), "reset": (requests.ConnectionError, 30)}


def test_every_kind_is_tested() -> None:
    assert {*_REFUSALS, *_STATUSES, *_BROKEN, *_NO_ANSWER, "slow_drip", "no_dealer_ids"} == set(KINDS)


def _order(client: Client, kind: str, **rest: Any) -> str:
    dealer = client.dealers_of(BOOK)[0]
    client.post("/sandbox/faults", {"main_dealer": BOOK, "kind": kind, "times": 1, **rest})
    return dealer


def _window(today: date) -> dict[str, str]:
    return days(today - timedelta(days=3), today)


@pytest.mark.parametrize(("kind", "reason"), _REFUSALS.items())
def test_faults_that_refuse(client: Client, today: date, kind: str, reason: str) -> None:
    dealer = _order(client, kind)
    answer = client.call(dealer, "prsp", _window(today)).json()
    assert answer == {"status": 0, "message": {"error": reason}, "data": None}
    assert client.call(dealer, "prsp", _window(today)).json()["status"] == 1


@pytest.mark.parametrize(("kind", "status"), _STATUSES.items())
def test_faults_that_answer_with_a_page(client: Client, today: date, kind: str, status: int) -> None:
    dealer = _order(client, kind)
    answer = client.call(dealer, "prsp", _window(today))
    assert answer.status_code == status
    with pytest.raises(json.JSONDecodeError):
        json.loads(answer.content)


@pytest.mark.parametrize("kind", _BROKEN)
def test_faults_that_break_the_json(client: Client, today: date, kind: str) -> None:
    dealer = _order(client, kind)
    answer = client.call(dealer, "prsp", _window(today))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    with pytest.raises(json.JSONDecodeError):
        json.loads(answer.content)


@pytest.mark.parametrize("kind", _NO_ANSWER)
def test_faults_that_never_answer(client: Client, today: date, kind: str) -> None:
    dealer = _order(client, kind)
    error, patience = _NO_ANSWER[kind]
    with pytest.raises(error):
        client.call(dealer, "prsp", _window(today), timeout=patience)
    assert client.call(dealer, "prsp", _window(today)).json()["status"] == 1


def test_an_answer_in_drips_begins_and_keeps_its_reader_waiting(client: Client, today: date) -> None:
    dealer = _order(client, "slow_drip")
    path, headers = client.path(dealer, "prsp"), client.headers(dealer)
    with client.session.post(path, json=_window(today), headers=headers, timeout=30, stream=True) as answer:
        assert answer.status_code == 200
        answer.raw.connection.sock.settimeout(0.4)
        with pytest.raises(requests.ConnectionError):
            list(answer.iter_content())
    assert client.call(dealer, "prsp", _window(today)).json()["status"] == 1


def test_a_fault_meets_its_dealer_and_module_after_and_as_often_as_ordered(client: Client, today: date) -> None:
    first, second = client.dealers_of(BOOK)[:2]
    client.post(
        "/sandbox/faults",
        {"main_dealer": BOOK, "dealer": first, "module": "spk", "kind": "http_500", "times": 2, "after": 1},
    )

    def status(dealer: str, module: str) -> int:
        return client.call(dealer, module, {**_window(today), "dealerId": dealer}).status_code

    assert status(first, "prsp") == status(second, "spk") == 200
    assert [status(first, "spk") for _ in range(4)] == [200, 500, 500, 200]
    assert client.get("/sandbox/faults") == []
    assert "error" in client.post("/sandbox/faults", {"main_dealer": BOOK, "kind": "flood"})


def test_faults_of_requests_for_a_whole_group_leave_those_for_a_dealer_alone(client: Client, today: date) -> None:
    dealer = client.dealers_of(BOOK)[0]
    client.post("/sandbox/faults", {"main_dealer": BOOK, "kind": "no_dealer_ids", "whole_group": True})
    group, alone = (client.call(dealer, "prsp", _window(today) | asked).json() for asked in ({}, {"dealerId": dealer}))
    assert {record["dealerId"] for record in alone["data"]} == {dealer}
    assert len(group["data"]) > len(alone["data"])
    assert not any("dealerId" in record for record in group["data"])
    client.delete("/sandbox/faults")


def test_calls_are_counted_with_their_concurrency(client: Client, today: date) -> None:
    dealer = client.dealers_of(MIXED)[0]
    client.delete("/sandbox/calls")
    client.post("/sandbox/faults", {"main_dealer": MIXED, "kind": "timeout", "times": 3})

    def ask(_: int) -> None:
        body = {**_window(today), "dealerId": dealer}
        with pytest.raises(requests.Timeout):
            requests.post(client.path(dealer, "spk"), json=body, headers=client.headers(dealer), timeout=3)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(ask, range(3)))
    answer = client.call(dealer, "prsp", _window(today)).json()
    calls = client.get("/sandbox/calls", main_dealer=MIXED)
    assert calls["total"] == 4
    assert calls["max_concurrent_by_main_dealer"] == {MIXED: 3}
    by = {(row["dealer"], row["module"]): row for row in calls["by"]}
    assert by[dealer, "spk"]["calls"] == 3
    assert by[None, "prsp"]["documents"] == len(answer["data"])
