"""Requests leave over HTTPS and to public addresses only, unless a setting allows more; credentials go nowhere else."""

import datetime
import ipaddress
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from asking import own_call
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from servers import unused_port
from stand_in import Reply, records, stand_in

from dlt_sources.dgi.client import Answer, Client, Outcome
from dlt_sources.dgi.outgoing import Outgoing

HTTP_TO_PUBLIC = Outgoing(plain_http=True)
PRIVATE_OVER_HTTPS = Outgoing(private_addresses=True)


def ask(url: str, allowed: Outgoing) -> Answer:
    return Client(max_wait=0.05).call(own_call(url, outgoing=allowed, attempts=2, connect_timeout=2))


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "[::1]", "[fe80::1]", "[fd00::1]", "[::ffff:127.0.0.1]", "[64:ff9b::10.0.0.1]", "[2002:7f00:1::]", "localhost",
    ],
)  # fmt: skip
def test_an_address_of_a_private_network_is_refused_before_anything_is_sent(host: str) -> None:
    answer = ask(f"http://{host}:{unused_port()}", HTTP_TO_PUBLIC)
    assert (answer.outcome, answer.attempts) == (Outcome.REFUSED, 1)
    assert "private network" in (answer.reason or "")
    assert "ALLOW_PRIVATE_ADDRESSES" in (answer.reason or "")


@pytest.mark.parametrize("name", ["2130706433", "0x7f.1", "127.1", "dgi.localhost"])
def test_a_name_that_leads_there_is_refused_when_it_is_connected(name: str) -> None:
    """The address is the one that is connected to: a name that changes its mind (DNS rebinding) is not asked twice."""
    with stand_in(lambda request: records()) as server:
        answer = ask(server.url.replace("127.0.0.1", name), HTTP_TO_PUBLIC)
        assert server.requests == []
    assert answer.outcome is Outcome.REFUSED
    assert "leads to" in (answer.reason or "")


def test_plain_http_is_refused_unless_it_is_allowed() -> None:
    with stand_in(lambda request: records()) as server:
        answer = ask(server.url, PRIVATE_OVER_HTTPS)
        assert server.requests == []
        assert ask(server.url, Outgoing(True, True)).outcome is Outcome.NO_DATA
    assert (answer.outcome, "https://" in (answer.reason or "")) == (Outcome.REFUSED, True)


def test_an_own_network_may_be_allowed_without_plain_http() -> None:
    assert Outgoing(private_addresses=True).complaint("https://10.0.0.1/x") is None
    assert "not encrypted" in (Outgoing(private_addresses=True).complaint("http://10.0.0.1/x") or "")


def test_a_public_address_needs_no_permission() -> None:
    for host in ("dgi.example.com", "8.8.8.8", "[2606:4700::1]"):
        assert Outgoing().complaint(f"https://{host}/dgi-api") is None


@pytest.mark.parametrize("scheme", ["file", "ftp", "gopher"])
def test_nothing_but_http_is_spoken(scheme: str) -> None:
    answer = ask(f"{scheme}://127.0.0.1:{unused_port()}/etc/passwd", Outgoing(True, True))
    assert (answer.outcome, answer.attempts) == (Outcome.REFUSED, 1)
    assert "cannot be sent" in (answer.reason or "")


def test_the_machine_s_proxy_has_no_say(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{unused_port()}")
    with stand_in(lambda request: records()) as server:
        assert ask(server.url, Outgoing(True, True)).outcome is Outcome.NO_DATA


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_another_host_gets_no_credentials(status: int) -> None:
    with stand_in(lambda request: records()) as other:
        reply = Reply(b"", status, {"Location": f"{other.url}/prsp/read"})
        with stand_in(lambda request: reply) as server:
            answer = ask(server.url, Outgoing(True, True))
            assert [request.headers["Host"] for request in server.requests] == [urlsplit(server.url).netloc]
        assert other.requests == []
    assert (answer.outcome, answer.attempts) == (Outcome.REFUSED, 1)


def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    with tls_server(tmp_path) as (url, arrived):
        answer = ask(url, PRIVATE_OVER_HTTPS)
    assert arrived == []
    assert (answer.outcome, answer.attempts) == (Outcome.REFUSED, 1)
    assert "certificate is not valid" in (answer.reason or "")


@contextmanager
def tls_server(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """A server on 127.0.0.1 that signed its own certificate, and the requests that got through to it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    both = folder / "both.pem"
    both.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    arrived: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            arrived.append(self.path)
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    server = HTTPServer(("127.0.0.1", unused_port()), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"https://127.0.0.1:{server.server_port}", arrived
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
