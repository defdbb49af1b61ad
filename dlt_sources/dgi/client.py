"""Asks a DGI server: signs every attempt, bounds time and size, and says in one of four words how it ended."""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pycurl
import tenacity

from dlt_sources.dgi.connections import Connection, Incomplete, Silent, TooLarge
from dlt_sources.dgi.envelope import Sent, Unreadable, read_envelope
from dlt_sources.dgi.outgoing import AddressRefused, Outgoing
from dlt_sources.dgi.server import Call, Key, Server
from dlt_sources.dgi.verdicts import Outcome, asked_to_wait, judge_error, judge_message, judge_status

_ASKED_WITH_OLD_KEY = "asked with the old key: the server does not accept the new one"
_NO_ATTEMPT = "the key's daily quota is used up; no further request was sent"


@dataclass(frozen=True)
class Answer:
    """What became of a call. `records` are the received records, each as its own JSON."""

    outcome: Outcome
    called_at: datetime
    answered_at: datetime
    attempts: int = 1
    http_status: int | None = None
    reason: str | None = None
    stops_key: bool = False
    is_too_much: bool = False
    retry_after: float | None = None
    is_large: bool = False
    records: tuple[Sent, ...] = ()
    body_bytes: int = 0
    notes: tuple[str, ...] = ()


class Client:
    """Calls one main dealer's server over kept connections. One client a thread: connections are not shared.

    `may_call` is asked before every attempt (it counts the key's quota) and `may_call() == False` ends the call as
    failed without a request. An answer of more than LARGE_ANSWER bytes waits for its turn at `large_answers`, and who
    gets an answer that `is_large` gives the turn back when done with it.

    A key that replaces an older one is asked with first. When the server refuses it as a bad key, the call is asked
    anew with the old one; it and the client's later calls go on with that.
    """

    def __init__(
        self,
        may_call: Callable[[Call], bool] | None = None,
        max_wait: float = 60.0,
        max_retry_after: float = 300.0,
        large_answers: threading.Semaphore | None = None,
    ) -> None:
        self._may_call = may_call or (lambda call: True)
        self._growing = tenacity.wait_random_exponential(multiplier=0.5, max=max_wait)
        self._max_retry_after = max_retry_after
        self._large_answers = large_answers or threading.Semaphore(1 << 30)
        self._connections: dict[Outgoing, Connection] = {}
        self._not_yet_valid: set[Key] = set()

    def call(self, call: Call) -> Answer:
        """Ask, and ask again while the failure is a temporary one. Never raises for what a server does."""
        old = call.key.old
        if old is None or call.key not in self._not_yet_valid:
            answer = self._ask(call, 0)
            if old is None or not answer.stops_key:
                return answer
            self._not_yet_valid.add(call.key)
            answer = self._ask(replace(call, key=old), answer.attempts)
        else:
            answer = self._ask(replace(call, key=old), 0)
        return replace(answer, notes=(*answer.notes, _ASKED_WITH_OLD_KEY))

    def _ask(self, call: Call, attempts: int) -> Answer:
        used_up = False
        answer: Answer

        def attempt() -> Answer:
            nonlocal answer, attempts, used_up
            if not self._may_call(call):
                used_up = True
                now = datetime.now(UTC)
                answer = Answer(Outcome.FAILED, now, now, attempts, reason=_NO_ATTEMPT)
                return answer
            attempts += 1
            answer = self._attempt(call, attempts)
            return answer

        begun = [attempt()]
        if used_up or not self._is_worth_a_retry(begun[0]):
            return answer  # as nearly every call does, without what retrying costs
        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(call.server.attempts),
            wait=self._wait,
            retry=tenacity.retry_if_result(lambda answer: self._is_worth_a_retry(answer) and not used_up),
            retry_error_callback=lambda state: None,
        )
        # What retries sees stays in memory until the next collection of cycles.
        retrying(lambda: replace(begun.pop() if begun else attempt(), records=()))
        return answer

    def _is_worth_a_retry(self, answer: Answer) -> bool:
        # A server that asks for more patience than a call may take is asked again by the next run.
        return answer.outcome is Outcome.FAILED and (answer.retry_after or 0) <= self._max_retry_after

    def _wait(self, state: tenacity.RetryCallState) -> float:
        """Growing and jittered; never less than the server asks for, so that all do not come back at that second."""
        asked = state.outcome.result().retry_after if state.outcome else None
        return self._growing(state) + (asked or 0)

    def _attempt(self, call: Call, number: int) -> Answer:
        called_at = datetime.now(UTC)
        unix_time = int(called_at.timestamp())
        headers = {
            "Content-Type": "application/json",
            "Accept": "application/json",
            "User-Agent": "dealer-dashboard",
            "DGI-API-Key": call.key.api_key.strip(),
            "X-Request-Time": str(unix_time),
            "DGI-API-Token": call.key.token(unix_time, call.server.token_separator),
        }
        status: int | None = None
        holds_turn = False

        def ended(
            outcome: Outcome,
            reason: str | None = None,
            stops_key: bool = False,
            is_too_much: bool = False,
            **details: Any,
        ) -> Answer:
            if holds_turn and not outcome.arrived:
                self._large_answers.release()
            is_large = holds_turn and outcome.arrived
            answered = datetime.now(UTC)
            said = (number, status, reason, stops_key, is_too_much)
            return Answer(outcome, called_at, answered, *said, is_large=is_large, **details)

        body = json.dumps(call.body()).encode()
        try:
            url = call.server.url(call.module)
            if complaint := call.server.outgoing.complaint(url):
                return ended(Outcome.REFUSED, complaint)
            came = self._connection(call.server).post(call.server, url, headers, body, self._large_answers)
        except AddressRefused as refused:
            return ended(Outcome.REFUSED, str(refused))
        except ValueError as error:  # a key that no header can carry, an address that is none: not even sent
            reason = f"the request cannot be sent: check the address and the API key ({type(error).__name__})"
            return ended(Outcome.REFUSED, reason, stops_key=True)
        except (Silent, Incomplete, TooLarge, pycurl.error) as error:
            return ended(*judge_error(error, call.server))

        status, holds_turn, size = came.status, came.holds_turn, len(came.body)
        if status != 200:
            return ended(*judge_status(status, came.headers), retry_after=asked_to_wait(came.headers), body_bytes=size)
        try:
            envelope = read_envelope(came.body)
        except Unreadable as error:
            return ended(Outcome.FAILED, str(error), body_bytes=size)
        arrived: dict[str, Any] = {"records": envelope.records, "body_bytes": size, "notes": envelope.notes}
        if envelope.ok:
            return ended(Outcome.RECORDS if envelope.records else Outcome.NO_DATA, **arrived)
        took = (datetime.now(UTC) - called_at).total_seconds()
        return ended(*judge_message(envelope.message, came.headers, took), **arrived)

    def _connection(self, server: Server) -> Connection:
        if server.outgoing not in self._connections:
            self._connections[server.outgoing] = Connection(server.outgoing)
        return self._connections[server.outgoing]
