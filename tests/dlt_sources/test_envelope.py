"""The frame around the records, in every form that servers in use were seen to send."""

import json
from typing import Any

import pytest

from dlt_sources.dgi.envelope import Envelope, Unreadable, read_envelope

A, B = b'{"idProspect":"A"}', b'{"idProspect":"B"}'


def read(**answer: Any) -> Envelope:
    return read_envelope(json.dumps(answer).encode())


def framed(*records: bytes) -> bytes:
    return b'{"status":1,"message":null,"data":[' + b",".join(records) + b"]}"


@pytest.mark.parametrize("status", [1, "1", " 1 "])
def test_success_as_number_or_text(status: Any) -> None:
    assert read(status=status, message=None, data=[{"a": 1}]) == Envelope(True, "", (b'{"a": 1}',))


@pytest.mark.parametrize("status", [0, "0", None, "", -1, 11, True, "OK", [1], {"code": 1}])
def test_anything_else_is_no_success(status: Any) -> None:
    assert not read(status=status, message="x", data=None).ok


def test_records_without_a_status_are_a_success_but_not_those_of_a_refusal() -> None:
    assert read(data=[{"a": 1}]).ok
    refused = read(status=0, message="Gagal Mengambil Data", data=[{"a": 1}])
    assert not refused.ok
    assert refused.records == (b'{"a": 1}',)


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (None, ""),
        ("", ""),
        ("Invalid Token", "Invalid Token"),
        (["Token", "Tidak Valid"], "Token Tidak Valid"),
        ({"error": "Token Tidak Valid !!"}, "Token Tidak Valid !!"),
        ({"errors": [{"text": "a"}, "b"], "code": 7}, "a b 7"),
        ("a\u0000b\ud800", "ab\ufffd"),
    ],
)
def test_message_as_text_list_or_object(message: Any, text: str) -> None:
    assert read(status=0, message=message, data=None).message == text


@pytest.mark.parametrize("data", ["null", "[]", "{}", '""', " [ ] "])
def test_nothing_in_every_form(data: str) -> None:
    assert read_envelope(f'{{"status":1,"message":null,"data":{data}}}'.encode()) == Envelope(True, "", ())
    assert read_envelope(b'{"status":1}') == Envelope(True, "", ())


def test_records_stay_as_they_were_sent() -> None:
    odd = b'{ "b":1.50,"a" : "\\u00e9\xc3\xa9" }'
    assert read_envelope(framed(odd, A)).records == (odd, A)


def test_a_record_without_its_list_and_what_is_no_record_are_passed_on() -> None:
    assert read_envelope(b'{"status":1,"data":' + A + b"}").records == (A,)
    assert read_envelope(framed(A, b"7", b"null")).records == (A, b"7", b"null")


def test_a_byte_order_mark_is_skipped_and_bad_bytes_are_replaced() -> None:
    assert read_envelope(b"\xef\xbb\xbf" + framed(A)).records == (A,)
    envelope = read_envelope(framed(b'{"idProspect":"\xff\xfe"}', A))
    assert envelope.records == ('{"idProspect":"\ufffd\ufffd"}'.encode(), A)
    assert envelope.notes


@pytest.mark.parametrize(
    "bad",
    [
        b'{"a":NaN}',
        b'{"a":-Infinity}',
        b'{"a":"\\ud800"}',
        b'{"a":"\x01\ttab"}',
        b'{"a":"[{\\"]}"}',
        b'{"a":tru}',
        b'{"a":}',
        b"{'a':1}",
        b'{"deep":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"deep":' + b'{"x":' * 5_000 + b"1" + b"}" * 5_000 + b"}",
    ],
    ids=lambda bad: bad[:14].decode(errors="replace"),
)
def test_one_bad_record_costs_no_other(bad: bytes) -> None:
    assert read_envelope(framed(A, bad, B)).records == (A, bad, B)


def test_a_comma_too_many_is_overlooked() -> None:
    assert read_envelope(b'{"status":1,"data":[' + A + b",NaN,]}").records == (A, b"NaN")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "empty"),
        (b"  \r\n", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"<html><body>maintenance</body></html>", "HTML"),
        (b"\n <!DOCTYPE html>", "HTML"),
        (b"Internal error", "broken JSON"),
        (b"[]", "broken JSON"),
        (b"1", "broken JSON"),
        (b'"status"', "broken JSON"),
        (framed(A, B)[:-1], "broken JSON"),
        (framed(A, B)[:-3], "broken JSON"),
        (framed(A, B)[:40], "broken JSON"),
        (framed(A, B) + b"}", "broken JSON"),
        (framed(A, B).replace(b'"data"', b"'data"), "broken JSON"),
        (framed(A, B).replace(b'"data"', b"data"), "broken JSON"),
        (b'{"status":1,"data":[{]}}', "broken JSON"),
        (b'{"status":one,"data":[]}', "broken JSON"),
        (b'{"status":1,"message":' + b"[" * 5_000 + b"]" * 5_000 + b"}", "too deeply"),
    ],
)
def test_what_is_no_answer_is_told_in_words(body: bytes, words: str) -> None:
    with pytest.raises(Unreadable, match=words):
        read_envelope(body)


def test_no_cut_of_an_answer_passes_for_a_whole_one() -> None:
    body = framed(A, b'{"a":"x\\"]}","b":[NaN]}', B)
    for end in range(len(body)):
        with pytest.raises(Unreadable):
            read_envelope(body[:end])
