"""Asks a DGI server: signs every attempt, bounds time and size, and says in one of four words how it ended."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any

import requests
import tenacity
import urllib3.exceptions
from requests.adapters import HTTPAdapter

from dlt_sources.dgi.envelope import Unreadable, read_envelope
from dlt_sources.dgi.outgoing import AddressRefused, Outgoing, guarded
from dlt_sources.dgi.server import Call


class Outcome(StrEnum):
    """How a call ended (design rule 1)."""

    RECORDS = "records"
    NO_DATA = "no_data"
    REFUSED = "refused"  # permanent: never retried by itself
    FAILED = "failed"  # temporary: retried with growing waits

    @property
    def arrived(self) -> bool:
        """Whether the window was answered in full."""
        return self in (Outcome.RECORDS, Outcome.NO_DATA)


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
    records: tuple[bytes, ...] = ()
    body_bytes: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Refusal:
    text: str
    outcome: Outcome
    words: str
    stops_key: bool = False


# The texts that servers in use answer with, in lower case, and what they mean (contract section 1).
_STATUS_0 = (
    _Refusal("tidak ada data", Outcome.NO_DATA, ""),
    _Refusal("no data", Outcome.NO_DATA, ""),
    _Refusal("data not found", Outcome.NO_DATA, ""),
    _Refusal("token tidak valid", Outcome.REFUSED, "the server does not accept this API key and secret", True),
    _Refusal("invalid token", Outcome.REFUSED, "the server does not accept this API key and secret", True),
    _Refusal("diluar validasi detik", Outcome.REFUSED, "this machine's clock differs from the server's by over 10 s"),
    _Refusal("melebihi rentang waktu", Outcome.REFUSED, "the window is longer or older than the server allows"),
    _Refusal("gagal mengambil data", Outcome.FAILED, "the server failed to read its own data"),
    _Refusal("quota", Outcome.FAILED, "the server says that the key's quota is used up"),
    _Refusal("kuota", Outcome.FAILED, "the server says that the key's quota is used up"),
)
_RETRIED_STATUS = {408, 425, 429}
_NO_ATTEMPT = "the key's daily quota is used up; no further request was sent"


class Client:
    """Calls one main dealer's server over kept connections. One client a thread: sessions are not shared.

    `may_call` is asked before every attempt (it counts the key's quota) and `may_call() == False` ends the call as
    failed without a request.
    """

    def __init__(self, may_call: Callable[[Call], bool] | None = None, max_wait: float = 60.0) -> None:
        self._may_call = may_call or (lambda call: True)
        self._max_wait = max_wait
        self._sessions: dict[Outgoing, requests.Session] = {}

    def call(self, call: Call) -> Answer:
        """Ask, and ask again while the failure is a temporary one. Never raises for what a server does."""
        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(call.server.attempts),
            wait=tenacity.wait_random_exponential(multiplier=0.5, max=self._max_wait),
            retry=tenacity.retry_if_result(lambda answer: answer.outcome is Outcome.FAILED and not used_up),
            retry_error_callback=lambda state: state.outcome.result() if state.outcome else None,
        )
        attempts, used_up = 0, False

        def attempt() -> Answer:
            nonlocal attempts, used_up
            if not self._may_call(call):
                used_up = True
                now = datetime.now(UTC)
                return Answer(Outcome.FAILED, now, now, attempts, reason=_NO_ATTEMPT)
            attempts += 1
            return self._attempt(call, attempts)

        answer: Answer = retrying(attempt)
        return answer

    def _session(self, allowed: Outgoing) -> requests.Session:
        if allowed not in self._sessions:
            session = self._sessions[allowed] = requests.Session()
            # Retries are ours: each attempt has to be signed anew.
            session.mount("http://", guarded(HTTPAdapter(max_retries=0), allowed))
            session.mount("https://", guarded(HTTPAdapter(max_retries=0), allowed))
            session.trust_env = False  # no .netrc or proxy setting may redirect a credential
        return self._sessions[allowed]

    def _attempt(self, call: Call, number: int) -> Answer:
        called_at = datetime.now(UTC)
        unix_time = int(called_at.timestamp())
        headers = {
            "Content-Type": "application/json",
            "Accept": "application/json",
            "DGI-API-Key": call.key.api_key.strip(),
            "X-Request-Time": str(unix_time),
            "DGI-API-Token": call.key.token(unix_time, call.server.token_separator),
        }
        status: int | None = None

        def ended(outcome: Outcome, reason: str | None = None, **details: object) -> Answer:
            answered = datetime.now(UTC)
            return Answer(outcome, called_at, answered, number, status, reason, **details)  # type: ignore[arg-type]

        url = call.server.url(call.module)
        try:
            if complaint := call.server.outgoing.complaint(url):
                return ended(Outcome.REFUSED, complaint)
            with self._session(call.server.outgoing).post(
                url,
                json=call.body(),
                headers=headers,
                timeout=(call.server.connect_timeout, call.server.answer_timeout),
                allow_redirects=False,
                stream=True,
            ) as response:
                status = response.status_code
                body = _read_body(response, call)
        except _TooLate as late:
            return ended(Outcome.FAILED, str(late))
        except _TooLarge as large:
            return ended(Outcome.REFUSED, str(large))
        except AddressRefused as refused:
            return ended(Outcome.REFUSED, str(refused))
        except requests.exceptions.SSLError:
            return ended(Outcome.REFUSED, "the server's certificate is not valid")
        except requests.exceptions.ConnectTimeout:
            return ended(Outcome.FAILED, f"no connection within {call.server.connect_timeout:g} s")
        except (requests.exceptions.Timeout, urllib3.exceptions.ReadTimeoutError):
            return ended(Outcome.FAILED, f"no answer within {call.server.answer_timeout:g} s (time-out)")
        except ValueError as error:  # a key that no header can carry, an address that is none: not even sent
            reason = f"the request cannot be sent: check the address and the API key ({type(error).__name__})"
            return ended(Outcome.REFUSED, reason, stops_key=True)
        except (requests.exceptions.ConnectionError, urllib3.exceptions.HTTPError) as error:
            return ended(Outcome.FAILED, f"the connection failed ({_root_cause(error)})")
        except requests.exceptions.RequestException as error:
            return ended(Outcome.FAILED, f"the request failed ({type(error).__name__})")

        if status != 200:
            outcome, reason, stops_key = _judge_status(status, response.headers)
            return ended(outcome, reason, stops_key=stops_key, body_bytes=len(body))
        try:
            envelope = read_envelope(body)
        except Unreadable as error:
            return ended(Outcome.FAILED, str(error), body_bytes=len(body))
        arrived: dict[str, Any] = {"records": envelope.records, "body_bytes": len(body), "notes": envelope.notes}
        if envelope.ok:
            return ended(Outcome.RECORDS if envelope.records else Outcome.NO_DATA, **arrived)
        refusal = _judge_message(envelope.message)
        return ended(refusal.outcome, refusal.words or None, stops_key=refusal.stops_key, **arrived)


class _TooLate(Exception):
    pass


class _TooLarge(Exception):
    pass


def _read_body(response: requests.Response, call: Call) -> bytes:
    # The socket's time-out starts anew with every byte: a server that drips needs a limit on the whole.
    deadline = time.monotonic() + call.server.answer_timeout * 2
    chunks: list[bytes] = []
    size = 0
    # read1 gives what is there: iter_content would wait for a full chunk, and with it the limit.
    while chunk := response.raw.read1(1 << 18, decode_content=True):
        size += len(chunk)
        if size > call.server.max_answer_bytes:
            raise _TooLarge(f"the answer is larger than {call.server.max_answer_bytes >> 20} MB")
        if time.monotonic() > deadline:
            raise _TooLate(f"the answer was not complete after {call.server.answer_timeout * 2:g} s")
        chunks.append(chunk)
    return b"".join(chunks)


def _judge_status(status: int, headers: "requests.structures.CaseInsensitiveDict[str]") -> tuple[Outcome, str, bool]:
    if status in _RETRIED_STATUS or status >= 500:
        return Outcome.FAILED, f"the server answered HTTP {status}", False
    if status in (401, 403):
        words = _clock_difference(headers) or "the server does not accept this API key"
        return Outcome.REFUSED, f"{words} (HTTP {status})", True
    if status == 404:
        return Outcome.REFUSED, "the server does not have this module (HTTP 404)", False
    if 300 <= status < 400:
        return Outcome.REFUSED, f"the server redirects elsewhere (HTTP {status}); credentials are not sent on", False
    return Outcome.REFUSED, f"the server answered HTTP {status}", False


def _clock_difference(headers: "requests.structures.CaseInsensitiveDict[str]") -> str | None:
    try:
        server_time = parsedate_to_datetime(headers["Date"])
    except (KeyError, ValueError, TypeError):
        return None
    seconds = (datetime.now(UTC) - server_time).total_seconds()
    return f"this machine's clock differs from the server's by {seconds:.0f} s" if abs(seconds) > 10 else None


def _judge_message(message: str) -> _Refusal:
    lowered = message.lower()
    for known in _STATUS_0:
        if known.text in lowered:
            words = f"{known.words} («{message[:200]}»)" if known.words else ""
            return _Refusal(known.text, known.outcome, words, known.stops_key)
    said = f"«{message[:200]}»" if message else "without a reason"
    return _Refusal("", Outcome.REFUSED, f"the server refused: {said}")


def _root_cause(error: BaseException) -> str:
    cause: BaseException = error
    while cause.args and isinstance(cause.args[0], BaseException):
        cause = cause.args[0]
    reason = getattr(cause, "reason", None)
    return type(reason).__name__ if isinstance(reason, BaseException) else type(cause).__name__
