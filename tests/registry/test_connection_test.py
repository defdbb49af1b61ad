"""`main-dealer test` and key rotation against the sandbox over HTTP: each fault is said in words with its remedy."""

import json
import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from registry_support import SECRET, Admin, Tables
from sandbox_orders import BOOK, Sandbox
from servers import running_sandbox

from dlt_sources.dgi.client import Client, Outcome
from dlt_sources.dgi.server import Call, Window
from orchestration.registry.credentials import Access, read_access
from orchestration.registry.fleet import register
from orchestration.settings import Settings

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def sandbox_url() -> Iterator[str]:
    with running_sandbox("--size", "S", "--days", "10") as url:
        yield url


@pytest.fixture
def sandbox(sandbox_url: str, settings: Settings) -> Iterator[Sandbox]:
    """A sandbox whose main dealers, keys and dealers are in the registry."""
    one = Sandbox(sandbox_url)
    register(settings, one.fleet)
    yield one
    one.reset()


@pytest.fixture
def group(sandbox: Sandbox) -> str:
    """A key's name at the main dealer that answers by the book."""
    return next(str(key["name"]) for key in sandbox.fleet["keys"] if key["main_dealer"] == BOOK)


def verdicts(said: str) -> dict[str, str]:
    """Module -> verdict, of a table with one key."""
    found = re.findall(r"^.*?\b([a-z]+[0-9]?)  +(\S.*)$", "\n".join(said.splitlines()[1:]), re.MULTILINE)
    return dict(found)


def tested(admin: Admin, group: str) -> dict[str, str]:
    """Module -> verdict, whether all went well or not."""
    result = admin.run("main-dealer", "test", BOOK, "--key", group)
    assert result.exit_code in (0, 1), result.output
    return verdicts(result.stdout)


def test_every_served_module_is_asked_once_and_counted(
    admin: Admin, sandbox: Sandbox, group: str, tables: Tables
) -> None:
    tables.execute("update registry.api_key set daily_quota = 1000 where name = %s", group)
    admin.does("main-dealer", "edit", BOOK, "--module", "prsp", "--module", "pkb")
    said = verdicts(admin.does("main-dealer", "test", BOOK, "--key", group))
    assert set(said) == {"prsp", "pkb"} and all(text.startswith("well: ") for text in said.values())
    assert sandbox.calls() == 2 and tables.rows("select requests from registry.key_usage") == [(2,)]
    admin.does("main-dealer", "test", BOOK)  # with every key


def test_what_is_wrong_is_said_in_words(admin: Admin, sandbox: Sandbox, group: str) -> None:
    for kind, module in (("wrong_token", "prsp"), ("not_found", "spk"), ("range", "bast"), ("http_500", "doch"),
                         ("reset", "lsng")):  # fmt: skip
        sandbox.fault(kind, main_dealer=BOOK, module=module)
    said = tested(admin, group)
    assert "does not accept this API key and secret" in said["prsp"] and "enter them again" in said["prsp"]
    assert "does not have this module (HTTP 404): untick the module" in said["spk"]
    assert "the window is longer or older" in said["bast"] and "set «range days» below 7" in said["bast"]
    assert "HTTP 500: the fault is the server's" in said["doch"]
    assert "the connection failed" in said["lsng"] and "check the address" in said["lsng"]
    assert said["pkb"].startswith("well: ")
    assert "5 of 15 calls" in admin.is_refused("main-dealer", "test", BOOK, "--key", group)


def test_a_range_that_is_set_too_long_shows(admin: Admin, sandbox: Sandbox, group: str) -> None:
    admin.does("main-dealer", "edit", BOOK, "--range-days", "9", "--module", "prsp")
    assert "set «range days» below 9" in tested(admin, group)["prsp"]


def test_an_unreachable_server_and_a_wrong_secret(admin: Admin, sandbox: Sandbox, group: str) -> None:
    admin.does("key", "edit", "--main-dealer", BOOK, "--name", group, "--secret-key-file", "-", stdin=SECRET)
    admin.does("main-dealer", "edit", BOOK, "--module", "prsp")
    assert "does not accept this API key and secret" in tested(admin, group)["prsp"]
    admin.does("main-dealer", "edit", BOOK, "--base-url", "http://127.0.0.1:9/dgi")
    assert "check the address http://127.0.0.1:9/dgi/prsp/read" in tested(admin, group)["prsp"]
    assert [text for text in admin.said if SECRET in text] == []


def test_a_clock_that_differs(admin: Admin, sandbox: Sandbox, group: str) -> None:
    class Late(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.dumps({"status": 0, "message": "Unix Timestamp Diluar Validasi Detik", "data": None}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with ThreadingHTTPServer(("127.0.0.1", 0), Late) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        admin.does("main-dealer", "edit", BOOK, "--base-url", f"http://127.0.0.1:{server.server_port}/dgi",
                   "--module", "prsp")  # fmt: skip
        said = tested(admin, group)["prsp"]
        server.shutdown()
    assert "this machine's clock differs" in said and "set this machine's clock by a time server" in said


def test_without_a_key_or_a_module_there_is_nothing_to_test(admin: Admin, settings: Settings) -> None:
    admin.adds_main_dealer()
    assert "has no enabled key" in admin.is_refused("main-dealer", "test", "Q7X")


def call(settings: Settings, group: str, sandbox: Sandbox) -> Call:
    """A call with the key of the group as a pull makes it."""
    dealer = next(one["id"] for one in sandbox.fleet["dealers"] if (one["main_dealer"], one["key"]) == (BOOK, group))
    access = read_access(settings)[dealer]
    assert isinstance(access, Access), access
    now = datetime.now(access.server.zone)
    return Call(access.server, access.key, "prsp", dealer, Window(now - timedelta(hours=1), now))


def test_during_a_rotation_calls_go_on_with_the_old_key(
    admin: Admin, settings: Settings, sandbox: Sandbox, group: str, tables: Tables
) -> None:
    which = ("--main-dealer", BOOK, "--name", group)
    admin.does("key", "rotate", *which, "--api-key", "not-known-yet", "--secret-key-file", "-", stdin=SECRET)
    assert "kept since" in admin.fields("key", "show", *which)["old API key"]
    asked = call(settings, group, sandbox)
    client = Client()
    first, second = client.call(asked), client.call(asked)
    assert first.outcome.arrived and first.attempts == 2 and any("old key" in note for note in first.notes)
    assert second.outcome.arrived and second.attempts == 1  # it has learnt
    admin.does("main-dealer", "edit", BOOK, "--module", "prsp")
    said = admin.run("main-dealer", "test", BOOK, "--key", group).stdout
    assert re.search(r"\(new\) +prsp +the server does not accept", said) and re.search(r"\(old\) +prsp +well", said)
    assert "end that overlap" in admin.is_refused("key", "rotate", *which, "--api-key", "third")
    admin.does("key", "re-encrypt")
    assert client.call(call(settings, group, sandbox)).outcome.arrived

    admin.does("key", "end-overlap", *which)
    refused = Client().call(call(settings, group, sandbox))
    assert refused.outcome is Outcome.REFUSED and refused.stops_key
    assert tables.where_is(SECRET) == [] and [text for text in admin.said if SECRET in text] == []


def test_a_valid_new_key_is_the_one_that_is_asked_with(
    admin: Admin, settings: Settings, sandbox: Sandbox, group: str
) -> None:
    secret = next(
        key["secret_key"] for key in sandbox.fleet["keys"] if (key["main_dealer"], key["name"]) == (BOOK, group)
    )
    which = ("--main-dealer", BOOK, "--name", group)
    admin.does("key", "edit", *which, "--secret-key-file", "-", stdin=SECRET)  # stands for the old one
    admin.does("key", "rotate", *which, "--secret-key-file", "-", stdin=secret)
    answer = Client().call(call(settings, group, sandbox))
    assert answer.outcome.arrived and answer.attempts == 1 and answer.notes == ()
    assert datetime.now(UTC) >= answer.answered_at
