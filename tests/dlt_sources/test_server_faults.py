"""What a main dealer's server can do to us that the sandbox cannot: TLS, DNS, clocks, patience, storms, drips."""

import socket
import ssl
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from asking import STAND_IN, own_call
from certificates import Certificate, make_certificate
from servers import unused_port
from stand_in import Reply, Request, records, refusal, stand_in

from dlt_sources.dgi.client import Client
from dlt_sources.dgi.fetching import Fetcher
from dlt_sources.dgi.server import Call, Key
from dlt_sources.dgi.verdicts import Outcome

pytestmark = pytest.mark.slow

DEALERS = [f"0000{n}" for n in range(1, 5)]
NOTHING = b'{"status":1,"data":[]}'
REVOKED = refusal("Token Tidak Valid !!")


@contextmanager
def tls_server(certificate: Certificate) -> Iterator[str]:
    """A server that says a whole answer to whoever gets through its TLS handshake."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.chain, certificate.key)

    def serve(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secure:
            # Head and body may come apart: who closes before both are read resets the connection.
            received = b""
            while not received.endswith(b"}"):
                received += secure.recv(1 << 16)
            secure.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(NOTHING), NOTHING))

    with raw_server(serve) as port:
        yield f"https://localhost:{port}"


@contextmanager
def raw_server(serve: object) -> Iterator[int]:
    """Calls `serve` with each connection, in a thread of its own. Errors of a connection are the client's affair."""
    port = unused_port()
    listener = socket.create_server(("127.0.0.1", port))

    def one(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            serve(connection)  # type: ignore[operator]

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=one, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield port
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def trusting(url: str, certificate: Certificate) -> Call:
    """A call to a server whose certificate's authority is one of the main dealer's own."""
    return own_call(url, outgoing=replace(STAND_IN, authorities=str(certificate.chain)))


def test_a_valid_certificate_is_accepted(tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path, "localhost", 30)
    with tls_server(certificate) as url:
        assert Client().call(trusting(url, certificate)).outcome is Outcome.NO_DATA


@pytest.mark.parametrize(
    ("days", "host", "trusted", "words"),
    [
        (-1, "localhost", True, "expired"),
        (30, "elsewhere.example", True, "matches target hostname 'localhost'"),
        (30, "localhost", False, "self-signed"),
    ],
    ids=["expired", "another host's", "nobody's"],
)
def test_a_certificate_that_is_not_valid_is_refused_at_once_and_stops_the_key(
    tmp_path: Path, days: int, host: str, trusted: bool, words: str
) -> None:
    certificate = make_certificate(tmp_path, host, days)
    with tls_server(certificate) as url:
        answer = Client(max_wait=0.05).call(trusting(url, certificate) if trusted else own_call(url))
    assert (answer.outcome, answer.attempts, answer.stops_key) == (Outcome.REFUSED, 1, True)
    assert "certificate is not valid" in (answer.reason or "")
    assert words in (answer.reason or "")


def test_a_handshake_that_breaks_off_is_a_temporary_failure() -> None:
    with raw_server(lambda connection: connection.recv(1)) as port:
        answer = Client(max_wait=0.05).call(own_call(f"https://localhost:{port}", attempts=2))
    assert (answer.outcome, answer.attempts, answer.stops_key) == (Outcome.FAILED, 2, False)
    assert "connection failed" in (answer.reason or "")


def test_a_name_that_dns_does_not_know_is_tried_again_and_said_in_words() -> None:
    answer = Client(max_wait=0.05).call(own_call("http://main-dealer.invalid", attempts=2))
    assert (answer.outcome, answer.attempts) == (Outcome.FAILED, 2)
    assert "DNS" in (answer.reason or "")


def test_json_under_a_wrong_content_type_is_read_and_a_page_under_the_right_one_is_not() -> None:
    odd = replace(records({"idProspect": "P1"}), headers={"Content-Type": "text/html; charset=latin-1"})
    with stand_in(lambda request: odd) as server:
        assert Client().call(own_call(server.url)).outcome is Outcome.RECORDS
    page = Reply(b"<html>", headers={"Content-Type": "application/json"})
    with stand_in(lambda request: page) as server:
        answer = Client(max_wait=0.05).call(own_call(server.url, attempts=2))
    assert (answer.outcome, answer.attempts, answer.reason) == (Outcome.FAILED, 2, "the answer is HTML, not JSON")


@pytest.mark.parametrize("off", [60, -60])
def test_a_clock_that_is_a_minute_off_is_said_in_words_and_stops_the_key(off: int) -> None:
    def refuses(request: Request) -> Reply:
        theirs = datetime.now(UTC) + timedelta(seconds=off)
        assert abs(theirs.timestamp() - int(request.headers["X-Request-Time"])) > 10
        return replace(
            refusal("Unix Timestamp Diluar Validasi Detik"), headers={"Date": format_datetime(theirs, usegmt=True)}
        )

    with stand_in(refuses) as server:
        answer = Client().call(own_call(server.url))
        assert (answer.outcome, answer.attempts, answer.stops_key) == (Outcome.REFUSED, 1, True)
        minutes = {f"clock differs from the server's by {-off + wait} s" for wait in range(30)}
        assert any(words in (answer.reason or "") for words in minutes), answer.reason
        calls = [own_call(server.url, dealer) for dealer in DEALERS for _ in range(10)]
        list(Fetcher(calls, {"OWN": frozenset(DEALERS)}, {"OWN": 1}))
    assert len(server.requests) < 20


def test_a_request_that_a_busy_server_looked_at_too_late_is_signed_anew() -> None:
    def busy_once(request: Request) -> Reply:
        if len(server.requests) > 1:
            return records({"idProspect": "P1"})
        time.sleep(5.5)
        return refusal("Unix Timestamp Diluar Validasi Detik")

    with stand_in(busy_once) as server:
        answer = Client(max_wait=0.05).call(own_call(server.url))
    assert (answer.outcome, answer.attempts) == (Outcome.RECORDS, 2)
    first, second = (int(request.headers["X-Request-Time"]) for request in server.requests)
    assert second - first >= 5
    with stand_in(lambda request: busy_once(request) if len(server.requests) == 1 else records()) as server:
        answer = Client(max_wait=0.05).call(own_call(server.url, attempts=1))
    assert (answer.outcome, answer.stops_key) == (Outcome.FAILED, False)
    assert "looked at the request so late" in (answer.reason or "")


@pytest.mark.parametrize("status", [429, 503])
def test_who_is_asked_to_wait_waits_so_long(status: int) -> None:
    def busy_once(request: Request) -> Reply:
        return Reply(b"", status, {"Retry-After": "2"}) if len(server.requests) == 1 else records()

    with stand_in(busy_once) as server:
        answer = Client(max_wait=0.01).call(own_call(server.url))
    assert (answer.outcome, answer.attempts) == (Outcome.NO_DATA, 2)
    first, second = (int(request.headers["X-Request-Time"]) for request in server.requests)
    assert second - first >= 2


@pytest.mark.parametrize("as_date", [False, True])
def test_more_patience_than_a_call_has_is_left_to_the_next_run(as_date: bool) -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    with stand_in(lambda request: Reply(b"", 429, {"Retry-After": later if as_date else "3600"})) as server:
        answer = Client().call(own_call(server.url))
    assert (answer.outcome, answer.attempts) == (Outcome.FAILED, 1)
    assert "asks to come back in 3" in (answer.reason or "")


def test_waits_grow_and_no_two_are_the_same() -> None:
    from tenacity import RetryCallState

    def wait(attempt: int) -> float:
        state = RetryCallState(None, None, (), {})  # type: ignore[arg-type]
        state.attempt_number = attempt
        return Client()._wait(state)

    several = [[wait(attempt) for _ in range(200)] for attempt in (1, 3, 6)]
    assert max(several[0]) < max(several[1]) < max(several[2]) <= 60
    assert all(len(set(some)) > 150 for some in several)


def test_a_head_that_drips_is_bounded_as_a_whole() -> None:
    stop = threading.Event()

    def drip(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while not stop.wait(0.1):
            connection.sendall(b"x")

    with raw_server(drip) as port:
        try:
            answer = Client(max_wait=0.05).call(own_call(f"http://127.0.0.1:{port}", attempts=2, answer_timeout=0.4))
        finally:
            stop.set()
    assert (answer.outcome, answer.attempts) == (Outcome.FAILED, 2)


def test_a_storm_of_errors_that_ends_costs_attempts_and_nothing_else() -> None:
    seen: Counter[str] = Counter()

    def stormy(request: Request) -> Reply:
        seen[request.body["dealerId"]] += 1
        bad = {1: Reply(b"oops", 500), 2: Reply(b'{"status":1,"data":[{"idPros')}
        return bad.get(seen[request.body["dealerId"]], records({"idProspect": request.body["dealerId"]}))

    with stand_in(stormy) as server:
        ended = list(Fetcher([own_call(server.url, dealer) for dealer in DEALERS], {"OWN": frozenset(DEALERS)}))
    assert [(one.answer.outcome, one.answer.attempts) for one in ended] == [(Outcome.RECORDS, 3)] * 4
    assert sorted(document.key for one in ended for document in one.reading.documents) == DEALERS


def test_a_key_that_is_revoked_in_mid_backfill_stops_alone() -> None:
    """What came before stays, what is left of the key is hardly asked for, and the other key goes on."""
    asked: Counter[str] = Counter()
    lock = threading.Lock()

    def answer(request: Request) -> Reply:
        key = request.headers["DGI-API-Key"]
        with lock:
            asked[key] += 1
            return REVOKED if key == "old" and asked[key] > 10 else records()

    with stand_in(answer) as server:
        calls = [
            replace(own_call(server.url, dealer), key=Key(f"group {name}", name, "s"))
            for _ in range(20)
            for name, dealers in (("old", DEALERS[:2]), ("new", DEALERS[2:]))
            for dealer in dealers
        ]
        ended = list(Fetcher(calls, {"OWN": frozenset(DEALERS)}))
    outcomes = Counter((one.call.key.api_key, one.answer.outcome) for one in ended)
    assert outcomes["old", Outcome.NO_DATA] == 10
    assert outcomes["new", Outcome.NO_DATA] == 40
    # Three in a row and those under way; a good answer that is late makes the row begin anew.
    assert asked["old"] < 10 + 15
    spared = [one.answer for one in ended if not one.answer.attempts]
    assert len(spared) == 40 - asked["old"]
    assert all("not asked" in (answer.reason or "") for answer in spared)


def test_a_module_that_disappears_is_asked_once_a_call_and_disturbs_no_other() -> None:
    gone = Reply(b"<html>Not Found</html>", 404)
    with stand_in(lambda request: gone if "/spk/" in request.path else records()) as server:
        calls = [own_call(server.url, dealer, module) for module in ("spk", "prsp", "bast") for dealer in DEALERS]
        ended = list(Fetcher(calls, {"OWN": frozenset(DEALERS)}))
    outcomes = Counter((one.call.module, one.answer.outcome, one.answer.attempts) for one in ended)
    assert outcomes == {
        ("spk", Outcome.REFUSED, 1): 4,
        ("prsp", Outcome.NO_DATA, 1): 4,
        ("bast", Outcome.NO_DATA, 1): 4,
    }
    assert len(server.requests) == 12
