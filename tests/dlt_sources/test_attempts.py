"""Each attempt of a call on the wire: signed as it leaves, to nobody but its main dealer, bounded in time and size."""

import hashlib
import re
from dataclasses import replace

import pytest
from asking import DEALER, DEMO_KEY, own_call
from stand_in import Reply, records, refusal, stand_in

from dlt_sources.dgi.client import Client
from dlt_sources.dgi.server import Key
from dlt_sources.dgi.verdicts import Outcome

pytestmark = pytest.mark.slow

FAILURE = Reply(b"busy", status=503)


def test_a_request_is_what_the_contract_says() -> None:
    with stand_in(lambda request: records()) as server:
        Client().call(own_call(server.url))
    (request,) = server.requests
    assert request.path == "/dgi-api/v1.3/prsp/read"
    assert request.body == {"fromTime": "2026-05-04 00:00:00", "toTime": "2026-05-04 23:59:59", "dealerId": DEALER}
    headers = {name: request.headers[name] for name in ("Content-Type", "Accept", "DGI-API-Key")}
    assert headers == {"Content-Type": "application/json", "Accept": "application/json", "DGI-API-Key": "key-demo-01"}
    assert request.headers["DGI-API-Token"] == DEMO_KEY.token(int(request.headers["X-Request-Time"]))


def test_each_attempt_is_signed_anew() -> None:
    def fails_twice(request: object) -> Reply:
        return records() if len(server.requests) > 2 else replace(FAILURE, delay=1.05)

    with stand_in(fails_twice) as server:
        answer = Client(max_wait=0.05).call(own_call(server.url, token_separator=":"))
    assert (answer.outcome, answer.attempts) == (Outcome.NO_DATA, 3)
    times = [int(request.headers["X-Request-Time"]) for request in server.requests]
    assert times == sorted(set(times))
    for time, request in zip(times, server.requests, strict=True):
        signed = hashlib.sha256(f"key-demo-01:secret-demo-01:{time}".encode()).hexdigest()
        assert request.headers["DGI-API-Token"] == signed
    assert int(answer.called_at.timestamp()) == times[-1]


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_credentials_follow_no_redirect(status: int) -> None:
    with stand_in(lambda request: records()) as other:
        away = Reply(b"", status, {"Location": f"{other.url}/dgi-api/v1.3/prsp/read"})
        with stand_in(lambda request: away) as server:
            answer = Client(max_wait=0.05).call(own_call(server.url))
    assert (answer.outcome, len(server.requests), other.requests) == (Outcome.REFUSED, 1, [])
    assert "redirects" in (answer.reason or "")


@pytest.mark.parametrize("status", [401, 403])
def test_an_http_refusal_of_the_key_stops_the_key_and_tells_a_wrong_clock(status: int) -> None:
    with stand_in(lambda request: Reply(b"no", status)) as server:
        answer = Client().call(own_call(server.url))
    assert (answer.outcome, answer.stops_key, answer.http_status) == (Outcome.REFUSED, True, status)
    assert "does not accept this API key" in (answer.reason or "")
    late = Reply(b"no", status, {"Date": "Wed, 01 Jan 2025 00:00:00 GMT"})
    with stand_in(lambda request: late) as server:
        answer = Client().call(own_call(server.url))
    assert re.search(r"clock differs from the server's by \d+ s", answer.reason or "")


@pytest.mark.parametrize(
    ("message", "outcome", "words"),
    [
        ("Tidak Ada Data Pada Periode ini", Outcome.NO_DATA, ""),
        ("Data not found", Outcome.NO_DATA, ""),
        ("Unix Timestamp Diluar Validasi Detik", Outcome.REFUSED, "clock"),
        ("Sistem Sibuk", Outcome.REFUSED, "Sistem Sibuk"),
        ("x" * 5000, Outcome.REFUSED, "x" * 200),
        ("", Outcome.REFUSED, "without a reason"),
    ],
)
def test_what_a_refusal_says_decides(message: str, outcome: Outcome, words: str) -> None:
    with stand_in(lambda request: refusal(message)) as server:
        answer = Client(max_wait=0.05).call(own_call(server.url))
    assert (answer.outcome, answer.attempts) == (outcome, 1)
    assert words in (answer.reason or "")
    assert len(answer.reason or "") < 400


def test_a_server_that_fails_after_some_records_has_not_answered() -> None:
    half = Reply(b'{"status":0,"message":"Gagal Mengambil Data","data":[{"idProspect":"P1"}]}')
    with stand_in(lambda request: half) as server:
        answer = Client(max_wait=0.05).call(own_call(server.url, attempts=2))
    assert (answer.outcome, answer.attempts, len(answer.records)) == (Outcome.FAILED, 2, 1)


def test_a_slow_answer_is_bounded_as_a_whole_and_a_large_one_in_size() -> None:
    with stand_in(lambda request: records({"idProspect": "x" * 3_000_000})) as server:
        answer = Client().call(own_call(server.url, max_answer_bytes=2 << 20))
    assert (answer.outcome, answer.attempts, answer.reason) == (Outcome.REFUSED, 1, "the answer is larger than 2 MB")


def test_nobody_listens() -> None:
    with stand_in(lambda request: records()) as server:
        gone = server.url
    answer = Client(max_wait=0.05).call(own_call(gone, attempts=2))
    assert (answer.outcome, answer.attempts, answer.http_status) == (Outcome.FAILED, 2, None)
    assert "connection failed" in (answer.reason or "")


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("https://", "k"),
        ("no address", "k"),
        ("http://[::1", "k"),
        ("http://127.0.0.1:99999", "k"),
        ("http://127.0.0.1:1", "k\u2019"),
        ("http://127.0.0.1:1", "k\r\nX-Other: y"),
    ],
)
def test_what_cannot_even_be_sent_is_refused_without_showing_the_key(url: str, key: str) -> None:
    call = replace(own_call(url), key=Key("g", key, "s3cret"))
    answer = Client(max_wait=0.05).call(call)
    assert (answer.outcome, answer.attempts) == (Outcome.REFUSED, 1)
    assert "cannot be sent" in (answer.reason or "")
    assert "\u2019" not in (answer.reason or "")


def test_the_quota_is_asked_before_every_attempt() -> None:
    asked = 0

    def may_call(call: object) -> bool:
        nonlocal asked
        asked += 1
        return asked <= 2

    with stand_in(lambda request: FAILURE) as server:
        client = Client(may_call, max_wait=0.05)
        answers = [client.call(own_call(server.url)) for _ in range(2)]
    # Once it is used up, waiting for it within a call is of no use.
    assert (len(server.requests), asked) == (2, 4)
    assert [(answer.outcome, answer.attempts) for answer in answers] == [(Outcome.FAILED, 2), (Outcome.FAILED, 0)]
    assert all("quota" in (answer.reason or "") for answer in answers)
