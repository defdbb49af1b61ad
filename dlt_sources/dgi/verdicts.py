"""What an answer means, in words and in one of four outcomes: the texts, statuses and errors of servers in use."""

from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import NamedTuple

import pycurl

from dlt_sources.dgi.connections import Incomplete, Silent, TooLarge
from dlt_sources.dgi.server import Server


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


class Verdict(NamedTuple):
    """How a call ended, why in words, and whether the fault is the key's or the whole server's.

    `is_too_much` tells that a call for less might well be answered: for one dealer in place of a whole group.
    """

    outcome: Outcome
    reason: str | None = None
    stops_key: bool = False
    is_too_much: bool = False


_BAD_KEY = Verdict(Outcome.REFUSED, "the server does not accept this API key and secret", True)
_WRONG_CLOCK = Verdict(Outcome.REFUSED, "this machine's clock differs from the server's by over 10 s", True)
# A server that is busy looks at a request when its time stamp is too old, however right the clocks are.
_LATE = Verdict(Outcome.FAILED, "the server looked at the request so late that its time stamp was too old")
_BUSY_SECONDS, _TOLERANCE = 5.0, 10.0
_USED_UP = Verdict(Outcome.FAILED, "the server says that the key's quota is used up")
# The texts that servers in use answer with, in lower case, and what they mean (contract section 1).
_STATUS_0 = {
    "tidak ada data": Verdict(Outcome.NO_DATA),
    "no data": Verdict(Outcome.NO_DATA),
    "data not found": Verdict(Outcome.NO_DATA),
    "token tidak valid": _BAD_KEY,
    "invalid token": _BAD_KEY,
    "diluar validasi detik": _WRONG_CLOCK,
    "melebihi rentang waktu": Verdict(Outcome.REFUSED, "the window is longer or older than the server allows"),
    "gagal mengambil data": Verdict(Outcome.FAILED, "the server failed to read its own data"),
    "quota": _USED_UP,
    "kuota": _USED_UP,
}
_RETRIED_STATUS = {408, 425, 429}


def judge_status(status: int, headers: Message) -> Verdict:
    """The verdict on an HTTP status other than 200."""
    if status in _RETRIED_STATUS or status >= 500:
        seconds = asked_to_wait(headers)
        patience = f" and asks to come back in {seconds:.0f} s" if seconds else ""
        # A gateway gives up waiting for what takes long.
        return Verdict(Outcome.FAILED, f"the server answered HTTP {status}{patience}", is_too_much=status == 504)
    if status in (401, 403):
        words = _clock_difference(headers) or "the server does not accept this API key"
        return Verdict(Outcome.REFUSED, f"{words} (HTTP {status})", True, is_too_much=status == 403)
    if status == 404:
        return Verdict(Outcome.REFUSED, "the server does not have this module (HTTP 404)")
    if 300 <= status < 400:
        return Verdict(Outcome.REFUSED, f"the server redirects elsewhere (HTTP {status}); credentials are not sent on")
    return Verdict(Outcome.REFUSED, f"the server answered HTTP {status}", is_too_much=True)


def judge_message(message: str, headers: Message, seconds: float) -> Verdict:
    """The verdict on an answer of status 0, by what it says and how many seconds it took."""
    lowered = message.lower()
    for text, verdict in _STATUS_0.items():
        if text in lowered:
            words = verdict.reason
            if verdict is _WRONG_CLOCK:
                if _came_late(headers, seconds):
                    return _LATE._replace(reason=f"{_LATE.reason} ({seconds:.0f} s, «{message[:200]}»)")
                words = _clock_difference(headers) or words
            return verdict._replace(reason=f"{words} («{message[:200]}»)" if words else None)
    said = f"«{message[:200]}»" if message else "without a reason"
    return Verdict(Outcome.REFUSED, f"the server refused: {said}", is_too_much=True)


def judge_error(error: Exception, server: Server) -> Verdict:
    """The verdict on what `Connection.post` raised, when no complete answer came."""
    match error:
        case TooLarge():
            size = f"the answer is larger than {server.max_answer_bytes >> 20} MB"
            return Verdict(Outcome.REFUSED, size, is_too_much=True)
        case Incomplete():
            whole = f"the answer was not complete after {server.answer_timeout * 2:g} s"
            return Verdict(Outcome.FAILED, whole, is_too_much=True)
        case Silent():
            return Verdict(Outcome.FAILED, f"no answer within {server.answer_timeout:g} s (time-out)", is_too_much=True)
    code, text = error.args[:2]
    if code == pycurl.E_PEER_FAILED_VERIFICATION:
        return Verdict(Outcome.REFUSED, f"the server's certificate is not valid: {text.split(': ', 1)[-1]}", True)
    if code == pycurl.E_OPERATION_TIMEDOUT:  # no other time-out is libcurl's
        return Verdict(Outcome.FAILED, f"no connection within {server.connect_timeout:g} s")
    if code == pycurl.E_URL_MALFORMAT:
        return Verdict(Outcome.REFUSED, f"the request cannot be sent: check the address ({text})", True)
    if code == pycurl.E_COULDNT_RESOLVE_HOST:
        return Verdict(Outcome.FAILED, "the server's name is not known: DNS does not resolve it")
    return Verdict(Outcome.FAILED, f"the connection failed: {text}")


def asked_to_wait(headers: Message) -> float | None:
    """Seconds that the server asks us to stay away (Retry-After); it may name them or a moment."""
    text = headers.get("Retry-After", "").strip()
    if text.isdecimal():
        return float(text[:9])
    try:
        return max(0.0, (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None


def _came_late(headers: Message, seconds: float) -> bool:
    """Whether the time that an answer took explains that a time stamp was out of date, and clocks need not."""
    return seconds >= _BUSY_SECONDS and abs(_seconds_off(headers) or 0.0) <= _TOLERANCE + seconds


def _clock_difference(headers: Message) -> str | None:
    seconds = _seconds_off(headers)
    if seconds is None or abs(seconds) <= _TOLERANCE:
        return None
    return f"this machine's clock differs from the server's by {seconds:.0f} s"


def _seconds_off(headers: Message) -> float | None:
    """How far this clock is ahead of the one that the answer was dated by; None without a date."""
    try:
        return (datetime.now(UTC) - parsedate_to_datetime(headers["Date"])).total_seconds()
    except (KeyError, ValueError, TypeError):
        return None
