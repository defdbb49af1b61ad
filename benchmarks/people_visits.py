"""What locust runs for benchmarks/people.py: people who click now and then, and a crowd that clicks once, together.

PEOPLE_FILE names what was recorded: the accounts with their sessions, and the requests of each click by role.
"""

import json
import os
import random
import time
from collections import deque
from pathlib import Path
from typing import Any

import gevent
from gevent.event import Event
from gevent.pool import Pool
from locust import FastHttpUser, between, events, task
from locust.env import Environment
from locust.exception import StopUser

from benchmarks.request_kinds import CHART, kind_of

# As many requests to one host as a browser makes at once over HTTP/1.1.
AT_ONCE = 6
_recorded: dict[str, Any] = {}
_accounts: deque[dict[str, Any]] = deque()
_all_there = Event()


@events.init.add_listener
def _read(**_: Any) -> None:
    _recorded.update(json.loads(Path(os.environ["PEOPLE_FILE"]).read_text()))
    _accounts.extend(_recorded["accounts"])


@events.spawning_complete.add_listener
def _go(**_: Any) -> None:
    _all_there.set()


class _LoggedIn(FastHttpUser):
    """Somebody with an account."""

    abstract = True
    concurrency = AT_ONCE
    connection_timeout = network_timeout = 60.0

    def on_start(self) -> None:
        """Take an account."""
        self.account = _accounts[0]
        _accounts.rotate(-1)
        self.client.client.default_headers = self.client.client.default_headers.copy()
        cookie = "; ".join(f"{name}={value}" for name, value in self.account["cookies"].items())
        self.sent = {"Cookie": cookie, "X-CSRFToken": self.account["token"], "Referer": self.host}
        self.recorded = _recorded["recorded"][self.account["role"]]
        # Key of the state of filters that the recording's browser was given -> this person's own.
        self.keys: dict[str, str] = {}
        # What this person's browser keeps, and until when.
        self.kept: dict[str, float] = {}

    def _send(self, request: dict[str, Any], dealer: str) -> None:
        headers = self.sent | {"Accept": request["accept"]}
        path, body = request["path"], request["body"]
        for theirs, own in self.keys.items():
            path = path.replace(theirs, own)
        if seconds := request.get("seconds_kept"):
            if self.kept.get(path, 0.0) > time.monotonic():
                return
            self.kept[path] = time.monotonic() + seconds
        if body is not None:
            # Who filters by a dealer filters by one of their own.
            body = body.replace(self.recorded["dealer"], dealer).encode()
            headers["Content-Type"] = request["content_type"]
        with self.client.request(
            request["method"],
            path,
            data=body,
            headers=headers,
            name=kind_of(request["method"], path),
            catch_response=True,
        ) as answer:
            if answer.status_code not in (200, 201, 202, 204, 302, 304):
                answer.failure(f"{answer.status_code} {request['method']} {path[:80]}")
                return
            answer.success()
            if key := request.get("key"):
                self.keys[key] = answer.json()["key"]


class Person(_LoggedIn):
    """Somebody who looks at dashboards."""

    wait_time = between(15, 45)

    def on_start(self) -> None:
        """Come in with no dashboard open, at some moment rather than with all others."""
        super().on_start()
        self.clicks: list[list[dict[str, Any]]] = []
        gevent.sleep(random.uniform(0, self.wait_time()))

    @task
    def click(self) -> None:
        """Open a dashboard or, as often, click on the one that is open; everything that the browser then asks for."""
        if not self.clicks or random.random() < 0.5:
            self.clicks = random.choice(self.recorded["boards"])
            requests = self.clicks[0]
        else:
            requests = random.choice(self.clicks[1:])
        dealer = random.choice(self.account["dealers"])
        pool = Pool(AT_ONCE)
        # A page changes the state of its filters under the key that it was given before.
        for is_change in (False, True):
            for request in requests:
                if (request["method"] == "PUT") is is_change:
                    pool.spawn(self._send, request, dealer)
            pool.join()


class Crowd(_LoggedIn):
    """One of many who ask for a chart at the same moment, once."""

    concurrency = 1
    connection_timeout = network_timeout = 300.0

    @task
    def ask(self) -> None:
        """Wait for the others, then send one request; the last to be answered ends it all."""
        clicks = [click for board in self.recorded["boards"] for click in board]
        charts = [one for click in clicks for one in click if kind_of(one["method"], one["path"]) == CHART]
        _all_there.wait()
        self._send(random.choice(charts), random.choice(self.account["dealers"]))
        if self.environment.stats.total.num_requests == self.environment.parsed_options.num_users:
            gevent.spawn(_quit, self.environment)
        raise StopUser


def _quit(environment: Environment) -> None:
    assert environment.runner is not None
    environment.runner.quit()
