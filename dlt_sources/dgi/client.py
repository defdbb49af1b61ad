"""Asks a DGI server: signs every attempt, bounds time and size, and says in one of four words how it ended."""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import tenacity
import urllib3

from dlt_sources.dgi.connections import connections
from dlt_sources.dgi.envelope import Unreadable, read_envelope
from dlt_sources.dgi.outgoing import AddressRefused, Outgoing
from dlt_sources.dgi.server import Call, Key
from dlt_sources.dgi.verdicts import Outcome, asked_to_wait, judge_error, judge_message, judge_status

# An answer of this size takes its turn (see Client).
LARGE_ANSWER = 8 * 1024 * 1024
_ASKED_WITH_OLD_KEY = "asked with the old key: the server does not accept the new one"
_NO_ATTEMPT = "the key's daily quota is used up; no further request was sent"


@dataclass(frozen=True)
class Answer:
    """What became of a call. `records` are the received records, each as its own JSON bytes."""

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
    records: tuple[bytes, ...] = ()
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
        self._managers: dict[Outgoing, urllib3.PoolManager] = {}
        self._places: dict[tuple[Outgoing, str], tuple[urllib3.HTTPConnectionPool, str]] = {}
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

    def _place(self, allowed: Outgoing, url: str) -> tuple[urllib3.HTTPConnectionPool, str]:
        """The connections to an address, and its path there. Raises ValueError for what is no address."""
        if (allowed, url) not in self._places:
            if allowed not in self._managers:
                self._managers[allowed] = connections(allowed)
            pool = self._managers[allowed].connection_from_url(url)
            self._places[allowed, url] = pool, urllib3.util.parse_url(url).request_uri
        return self._places[allowed, url]

    def _attempt(self, call: Call, number: int) -> Answer:
        called_at = datetime.now(UTC)
        unix_time = int(called_at.timestamp())
        headers = {
            "Content-Type": "application/json",
            "Accept": "application/json",
            "Accept-Encoding": "gzip, deflate",
            "User-Agent": "dealer-dashboard",
            "DGI-API-Key": call.key.api_key.strip(),
            "X-Request-Time": str(unix_time),
            "DGI-API-Token": call.key.token(unix_time, call.server.token_separator),
        }
        status: int | None = None
        # The socket's time-out starts anew with every byte: a server that drips needs a limit on the whole.
        deadline = time.monotonic() + call.server.answer_timeout * 2
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

        try:
            url = call.server.url(call.module)
            if complaint := call.server.outgoing.complaint(url):
                return ended(Outcome.REFUSED, complaint)
            pool, path = self._place(call.server.outgoing, url)
            with pool.urlopen(
                "POST",
                path,
                body=json.dumps(call.body()).encode(),
                headers=headers,
                timeout=urllib3.Timeout(connect=call.server.connect_timeout, read=call.server.answer_timeout),
                retries=False,  # they are ours: each attempt has to be signed anew
                redirect=False,
                preload_content=False,
            ) as response:
                status = response.status
                body = bytearray()
                # read1 gives what is there: iter_content would wait for a full chunk, and with it the limit.
                while chunk := response.read1(1 << 18, decode_content=True):
                    body += chunk
                    if len(body) > call.server.max_answer_bytes:
                        size = f"the answer is larger than {call.server.max_answer_bytes >> 20} MB"
                        return ended(Outcome.REFUSED, size, is_too_much=True)
                    if time.monotonic() > deadline:
                        whole = f"the answer was not complete after {call.server.answer_timeout * 2:g} s"
                        return ended(Outcome.FAILED, whole, is_too_much=True)
                    if len(body) > LARGE_ANSWER and not holds_turn:
                        began = time.monotonic()
                        holds_turn = self._large_answers.acquire()
                        deadline += time.monotonic() - began
        except AddressRefused as refused:
            return ended(Outcome.REFUSED, str(refused))
        except ValueError as error:  # a key that no header can carry, an address that is none: not even sent
            reason = f"the request cannot be sent: check the address and the API key ({type(error).__name__})"
            return ended(Outcome.REFUSED, reason, stops_key=True)
        except urllib3.exceptions.HTTPError as error:
            return ended(*judge_error(error, call.server))

        if status != 200:
            verdict = judge_status(status, response.headers)
            return ended(*verdict, retry_after=asked_to_wait(response.headers), body_bytes=len(body))
        try:
            envelope = read_envelope(body)
        except Unreadable as error:
            return ended(Outcome.FAILED, str(error), body_bytes=len(body))
        arrived: dict[str, Any] = {"records": envelope.records, "body_bytes": len(body), "notes": envelope.notes}
        if envelope.ok:
            return ended(Outcome.RECORDS if envelope.records else Outcome.NO_DATA, **arrived)
        took = (datetime.now(UTC) - called_at).total_seconds()
        return ended(*judge_message(envelope.message, response.headers, took), **arrived)
