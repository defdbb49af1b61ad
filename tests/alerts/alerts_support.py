"""What the tests of alerts talk to: a mail server, a webhook's receiver, a pull without Dagster, the sensor's tick."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from email import message_from_bytes
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import dagster as dg
import psycopg2
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from sandbox_orders import BOOK, MIXED, Sandbox, dates_back, today
from servers import unused_port

from dlt_sources.dgi.endpoints import ENDPOINTS
from orchestration.alerts.sensor import alerts
from orchestration.pull.asked import Asked, Pulled
from orchestration.pull.pulling import Pull
from orchestration.registry.store import open_registry
from orchestration.settings import ROOT, load_settings

CHANGES_RAW = re.compile(r"\s*(update|delete from|truncate)\b.*\braw\.", re.DOTALL)
__all__ = ["BOOK", "MIXED", "Mailbox", "Sandbox", "Stack", "Tick", "Webhook", "dates_back", "today"]


class Mailbox:
    """A real mail server that can be down, slow, or refuse; `messages` is what it took."""

    def __init__(self) -> None:
        self.port = unused_port()
        self.messages: list[Message] = []
        self.on_data: Callable[[], str] = lambda: "250 OK"
        self._server: Controller | None = None

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        answer = self.on_data()
        if answer.startswith("250"):
            self.messages.append(message_from_bytes(envelope.content))
        return answer

    def start(self) -> None:
        self._server = Controller(self, hostname="127.0.0.1", port=self.port, ready_timeout=60)
        self._server.start()

    def stop(self) -> None:
        if self._server:
            self._server.stop()
            self._server = None

    @property
    def url(self) -> str:
        return f"mailto://127.0.0.1:{self.port}/?from=alerts@example.org&to=boss@example.org&mode=insecure"

    @property
    def subjects(self) -> list[str]:
        return [str(message["Subject"]) for message in self.messages]


def text_of(message: Message) -> str:
    """The plain text of an e-mail."""
    for part in message.walk():
        if part.get_content_type() == "text/plain":
            content = part.get_payload(decode=True)
            assert isinstance(content, bytes)
            return content.decode().replace("\r\n", "\n")
    raise AssertionError(f"no plain text: {message.as_string()}")


class Webhook:
    """A real HTTP server that keeps what is posted to it."""

    def __init__(self) -> None:
        self.received: list[dict[str, Any]] = []
        self.status = 200
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if outer.status == 200:
                    outer.received.append(json.loads(body))
                self.send_response(outer.status)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", unused_port()), Handler)
        self._thread = Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"json://127.0.0.1:{self._server.server_port}/hooks/webhook-token-canary"

    @property
    def titles(self) -> list[str]:
        return [message["title"] for message in self.received]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@dataclass
class Tick:
    """The sensor as the daemon evaluates it."""

    instance: dg.DagsterInstance
    repository: dg.RepositoryDefinition
    said: list[str] = field(default_factory=list)

    def __call__(self) -> str:
        """One tick, with nothing remembered from the last but what is in Postgres; what it says."""
        with dg.build_sensor_context(instance=self.instance, repository_def=self.repository) as context:
            result = alerts(context)
        assert isinstance(result, dg.SkipReason)
        self.said.append(str(result.skip_message))
        return self.said[-1]


class Stack:
    """The pull and the warehouse of the test."""

    def __init__(self) -> None:
        self.url = load_settings().warehouse().set(drivername="postgresql").render_as_string(hide_password=False)

    def pull(self, dealers: Iterable[str], days: Iterable[date], modules: Iterable[str] = tuple(ENDPOINTS)) -> Pulled:
        """What a run of the schedule does, without Dagster."""
        dates = frozenset(days)
        asked = {(module, dealer): dates for module in modules for dealer in dealers}
        return Pull(load_settings(), Asked(asked, datetime.now(UTC)), None).run()

    def edit(self, main_dealer_id: str, **values: Any) -> None:
        with open_registry(load_settings()) as registry:
            registry.edit(registry.main_dealer(main_dealer_id), **values)

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        with closing(psycopg2.connect(self.url)) as connection, connection, connection.cursor() as cursor:
            if CHANGES_RAW.match(query):
                cursor.execute("set local session_replication_role = replica")  # raw refuses it to everybody else
            cursor.execute(query, values or None)
            return list(cursor.fetchall()) if cursor.description else []

    def one(self, query: str, *values: Any) -> Any:
        return self.rows(query, *values)[0][0]

    def age(self, **interval: float) -> None:
        """Make every incident older, as if time had passed."""
        ((unit, amount),) = interval.items()
        for column in ("first_seen_at", "last_told_at"):
            self.rows(f"update registry.incident set {column} = {column} - make_interval({unit} => %s)", amount)

    @property
    def open(self) -> list[tuple[str, str]]:
        return self.rows("select kind, cause from registry.incident where closed_at is null order by 1, 2")


@contextmanager
def process(code: str) -> Iterator["subprocess.Popen[str]"]:
    """Python code in a process of its own, with this environment; it is gone when the block ends."""
    one = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, env=dict(os.environ), text=True, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )  # fmt: skip
    try:
        yield one
    finally:
        one.kill()
        one.wait()
