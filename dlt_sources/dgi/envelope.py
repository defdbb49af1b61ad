"""Reads the frame around the records: `{"status": …, "message": …, "data": […]}` in the forms seen in use.

Records are cut out, not parsed: each is kept as it was sent, and one bad record does not spoil the others.
"""

import codecs
import json
import re
from dataclasses import dataclass

import msgspec

# A record as it was sent: a piece of the answer's body, which it keeps in memory, or a copy.
Sent = memoryview | bytes


class Unreadable(Exception):
    """The answer is no DGI answer; the text says what it is instead."""


@dataclass(frozen=True)
class Envelope:
    """A DGI answer: whether it is a success, what it says, and its records as sent."""

    ok: bool
    message: str
    records: tuple[Sent, ...]
    notes: tuple[str, ...] = ()


class _Frame(msgspec.Struct):
    status: msgspec.Raw = msgspec.Raw(b"null")
    message: msgspec.Raw = msgspec.Raw(b"null")
    data: msgspec.Raw = msgspec.Raw(b"null")


class _FrameOfRecords(msgspec.Struct):
    """The usual form, read in one go."""

    data: list[msgspec.Raw]
    status: msgspec.Raw = msgspec.Raw(b"null")
    message: msgspec.Raw = msgspec.Raw(b"null")


_read_frame_of_records = msgspec.json.Decoder(_FrameOfRecords).decode
_read_frame = msgspec.json.Decoder(_Frame).decode
_read_array = msgspec.json.Decoder(list[msgspec.Raw]).decode


_ONE, _NULL = msgspec.Raw(b"1"), msgspec.Raw(b"null")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_PIECE = 1 << 20
_SURROGATE = re.compile("[\ud800-\udfff]")
_STRING_OR_MARK = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|["{}\[\],]', re.DOTALL)
_CLOSING = {b"{": b"}", b"[": b"]"}


def read_envelope(body: bytes | bytearray) -> Envelope:
    """Read an answer's body. Raises Unreadable when it is not JSON of DGI's form.

    A large body is not copied on the way.
    """
    notes: tuple[str, ...] = ()
    if body.startswith(_BYTE_ORDER_MARK):
        body = body[len(_BYTE_ORDER_MARK) :]
    if not _is_utf8(body):
        body = body.decode(errors="replace").encode()
        notes = ("bytes that are not UTF-8 were replaced",)
    try:
        try:
            frame, records = _read(body)
        except (msgspec.DecodeError, RecursionError):
            frame, records = _read_leniently(bytes(body))
            notes += ("the answer is not plain JSON; its records were cut out of it one by one",)
        status = _status(frame.status)
        message = _message(frame.message)
    except (ValueError, RecursionError) as error:
        raise Unreadable(_describe(body, error)) from None
    # A server that sends records without a status means success; one that says 0 does not, whatever it sends along.
    return Envelope(status == "1" or (not status and bool(records)), message, records, notes)


def _read(body: bytes | bytearray) -> tuple[_Frame | _FrameOfRecords, tuple[Sent, ...]]:
    try:
        usual = _read_frame_of_records(body)
        return usual, tuple(map(memoryview, usual.data))
    except msgspec.ValidationError:
        frame = _read_frame(body)
        return frame, _records(frame.data)


def _is_utf8(body: bytes | bytearray) -> bool:
    if body.isascii():
        return True
    decoder = codecs.getincrementaldecoder("utf-8")()
    view = memoryview(body)
    try:
        for start in range(0, len(view), _PIECE):
            decoder.decode(view[start : start + _PIECE])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _read_leniently(body: bytes) -> tuple[_Frame, tuple[bytes, ...]]:
    """Half a surrogate pair, a bare NaN or endless nesting in one record must not cost the others."""
    members = {}
    for member in _split(body, b"{"):
        name, _, value = member.partition(b":")
        members[str(json.loads(name))] = value.strip()
    frame = _Frame(**{name: msgspec.Raw(members[name]) for name in ("status", "message") if name in members})
    data = members.get("data", b"null")
    return frame, tuple(_split(data, b"[")) if data.startswith(b"[") else _records(msgspec.Raw(data))


def _split(text: bytes, opening: bytes) -> list[bytes]:
    """The members of a JSON object or list, as they stand. Raises ValueError when its brackets or quotes do not match.

    No more than brackets, commas and strings is looked at, and nothing recurses: what a member holds is its own affair.
    """
    text = text.strip()
    if not text.startswith(opening):
        raise ValueError(f"it does not start with {opening.decode()}")
    members: list[bytes] = []
    closing: list[bytes] = []
    start = 1
    for token in _STRING_OR_MARK.finditer(text):
        mark = token[0]
        if mark in _CLOSING:
            closing.append(_CLOSING[mark])
        elif mark == b'"':
            raise ValueError("a text does not end")
        elif mark in (b"]", b"}"):
            if closing.pop() != mark:
                raise ValueError("brackets do not match")
            if not closing:
                if token.end() != len(text):
                    raise ValueError("it goes on behind its end")
                members.append(text[start : token.start()].strip())
                return [member for member in members if member]
        elif mark == b"," and len(closing) == 1:
            members.append(text[start : token.start()].strip())
            start = token.end()
    raise ValueError("it is cut off")


def _records(data: msgspec.Raw) -> tuple[Sent, ...]:
    if memoryview(data)[:1] == b"[":
        return tuple(map(memoryview, _read_array(data)))
    text = bytes(data).strip()
    if text in (b"null", b'""', b"{}"):
        return ()
    return (text,)  # a single record without its list, or something else that will be rejected by itself


def _status(raw: msgspec.Raw) -> str:
    """The status as text, "" when there is none."""
    if raw == _ONE:
        return "1"
    value = json.loads(bytes(raw))
    return "" if value is None else str(value).strip()


def _message(raw: msgspec.Raw) -> str:
    """One line of text from a message that may be text, a list or an object; without what Postgres cannot hold."""
    if raw == _NULL:
        return ""
    parts: list[str] = []

    def collect(part: object) -> None:
        if isinstance(part, dict):
            for inner in part.values():
                collect(inner)
        elif isinstance(part, list):
            for inner in part:
                collect(inner)
        elif part not in (None, ""):
            parts.append(str(part))

    collect(json.loads(bytes(raw), strict=False))
    return _SURROGATE.sub("\ufffd", " ".join(parts)).replace("\x00", "").strip()


def _describe(body: bytes | bytearray, error: Exception) -> str:
    start = body[:64].lstrip().lower()
    if not start:
        return "the answer is empty"
    if start.startswith(b"<"):
        return "the answer is HTML, not JSON"
    if isinstance(error, RecursionError):
        return "the answer is nested too deeply to be read"
    return f"the answer is broken JSON ({str(error)[:120]})"
