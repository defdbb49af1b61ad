"""From records to documents: whose they are, what is kept of them, and what is rejected with which reason."""

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from asking import DEALER

from dlt_sources.dgi.documents import Document, DocumentReader, Reading, Rejected
from dlt_sources.dgi.endpoints import ENDPOINTS
from dlt_sources.dgi.fetched import days_of

OTHER = "09418"
KNOWN = frozenset([DEALER, OTHER])
PAYLOADS = Path(__file__).resolve().parents[1] / "payloads"


def read(*records: dict[str, Any] | bytes | str, module: str = "prsp") -> Reading:
    encoded = [
        one if isinstance(one, bytes) else one.encode() if isinstance(one, str) else json.dumps(one).encode()
        for one in records
    ]
    return DocumentReader(module).read(encoded, DEALER, KNOWN)


def document(record: dict[str, Any] | bytes | str, module: str = "prsp") -> Document:
    """The one document that the record makes."""
    reading = read(record, module=module)
    assert not reading.rejected
    (one,) = reading.documents
    return one


def rejected(record: dict[str, Any] | bytes | str, module: str = "prsp") -> Rejected:
    """The one rejected record that the record makes."""
    reading = read(record, module=module)
    assert not reading.documents
    (one,) = reading.rejected
    return one


def stored(one: Document) -> dict[str, Any]:
    """What staging reads."""
    value: dict[str, Any] = json.loads(one.document or one.payload)
    return value


def test_a_record_by_the_book_is_kept_as_it_is() -> None:
    text = '{"idProspect":"P1", "dealerId":"09417","createdTime":"04/05/2026 08:00:00","unit":[{"kodeTipeUnit":"LN0"}]}'
    one = document(text)
    assert (one.key, one.dealer_id, one.payload, one.document, one.notes) == ("P1", DEALER, text, None, ())
    assert (one.created, one.modified) == (datetime(2026, 5, 4, 8), None)


@pytest.mark.parametrize("module", ENDPOINTS)
def test_a_recorded_document_is_kept_as_it_is(module: str) -> None:
    text = (PAYLOADS / f"{module}.json").read_text()
    dealer = json.loads(text)["dealerId"]
    reading = DocumentReader(module).read([text.encode()], dealer, frozenset([dealer]))
    (one,) = reading.documents
    assert (reading.rejected, reading.undocumented) == ([], set())
    assert (one.payload, one.document, one.notes) == (text, None, ())


def test_a_key_of_two_parts_needs_both() -> None:
    assert document({"noShippingList": " SL1 ", "noInvoice": 7}, "uinb").key == "SL1|7"
    assert "noInvoice" in rejected({"noShippingList": "SL1"}, "uinb").reason
    assert "noShippingList" in rejected({"noShippingList": " ", "noInvoice": "7"}, "uinb").reason


@pytest.mark.parametrize("key", [None, "", "  ", "\u0000", [], {}, True, "x" * 501])
def test_a_record_without_a_usable_key_is_rejected_whole(key: Any) -> None:
    record = json.dumps({"idProspect": key, "namaLengkap": "A"})
    one = rejected(record)
    assert one.payload == record
    assert "idProspect" in one.reason


@pytest.mark.parametrize(
    ("record", "words"),
    [
        (b"7", "a number"),
        (b'"P1"', "a text"),
        (b"null", "null"),
        (b"true", "true or false"),
        (b"[]", "a list"),
        (b'[{"idProspect":"P1"}]', "a list"),
        (b'{"idProspect":', "not readable"),
        (b"", "not readable"),
        (b"\xff\xfe", "not readable"),
    ],
)
def test_what_is_no_record_is_rejected_in_words(record: bytes, words: str) -> None:
    one = rejected(record)
    assert words in one.reason
    assert one.dealer_id == DEALER
    assert one.payload == record.decode(errors="replace")


def test_the_records_own_dealer_decides_and_an_unknown_one_is_rejected() -> None:
    assert document({"idProspect": "P1", "dealerId": OTHER}).dealer_id == OTHER
    assert document({"idProspect": "P1", "dealerId": f" {OTHER} "}).dealer_id == OTHER
    for nobody in ("", None, " "):
        assert document({"idProspect": "P1", "dealerId": nobody}).dealer_id == DEALER
    one = rejected({"idProspect": "P1", "dealerId": "99999"})
    assert (one.dealer_id, "registry" in one.reason) == ("99999", True)


def test_two_dealers_may_use_the_same_key() -> None:
    reading = read({"idProspect": "P1", "dealerId": OTHER}, {"idProspect": "P1"})
    assert {one.dealer_id for one in reading.documents} == KNOWN


def test_one_bad_record_costs_no_other() -> None:
    deep = b'{"idProspect":"P2","x":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    reading = read({"idProspect": "P1"}, b"{", {"idProspect": ""}, deep, {"idProspect": "P3"})
    assert [one.key for one in reading.documents] == ["P1", "P3"]
    assert len(reading.rejected) == 3


@pytest.mark.parametrize("opening", ["[", '{"x":'])
def test_nesting_is_kept_up_to_a_limit_and_rejected_whole_beyond(opening: str) -> None:
    closing = {"[": "]", '{"x":': "}"}[opening]

    def nested(levels: int, name: str = "P1") -> str:
        return f'{{"idProspect":"{name}","x":{opening * levels}1{closing * levels}}}'

    assert document(nested(99)).payload == nested(99)
    assert document(nested(99, "P\\u00001")).key == "P1"
    for levels in (100, 900, 990, 20_000):
        for name in ("P1", "P\\u00001", "P\\ud800"):
            one = rejected(nested(levels, name))
            assert one.reason == "the record is nested too deeply"
            assert one.payload == nested(levels, name)


def test_keys_are_matched_without_case_and_spaces_in_lines_too() -> None:
    record: dict[str, Any] = {"IDPROSPECT": "P1", "noKTP": "33", " alamat ": "A"}
    record |= {"Unit": [{"KodeTipeUnit": "LN0"}], "createdtime": "04/05/2026"}
    one = document(record)
    names = ["idProspect", "noKtp", "alamat", "unit", "createdTime"]
    assert stored(one) == dict(zip(names, ["P1", "33", "A", [{"kodeTipeUnit": "LN0"}], "04/05/2026"], strict=True))
    assert json.loads(one.payload) == record
    assert one.created == datetime(2026, 5, 4)


def test_a_value_under_the_documented_key_wins_over_another_spelling() -> None:
    assert stored(document({"idInvoice": "I", "amount": 1, "Amount": 2}, "inv1"))["amount"] == 1
    assert stored(document({"idInvoice": "I", "Amount": 2, "amount": None}, "inv1")) == {"idInvoice": "I", "amount": 2}
    assert stored(document({"idInvoice": "I", "amount": "", "Amount": 2}, "inv1")) == {"idInvoice": "I", "amount": 2}


def test_undocumented_fields_are_kept_and_reported_once() -> None:
    record = {"idProspect": "P1", "unit": [{"colour": 1}, {"colour": 2}], "loyalty": {"x": 1}}
    reading = read(record, {**record, "idProspect": "P2"}, {"idProspect": "P3", "y" * 200: 1})
    assert reading.undocumented == {"loyalty", "unit.colour", "y" * 80}
    assert reading.documents[0].document is None
    assert stored(reading.documents[0]) == record


def test_characters_that_postgres_cannot_hold_are_replaced_beside_the_payload() -> None:
    text = r'{"idProspect":"P\u00001","namaLengkap":"a\ud800b\u0000","bad\u0000key":"\udc00","unit":[{"\u0000":1}]}'
    one = document(text)
    assert one.payload == text
    assert one.key == "P1"
    assert stored(one) == {"idProspect": "P1", "namaLengkap": "a\ufffdb", "badkey": "\ufffd", "unit": [{"": 1}]}
    assert one.notes
    assert (
        document('{"idProspect":"P1","alamat":"a\x00b\x01\tc"}').payload == '{"idProspect":"P1","alamat":"ab\x01\tc"}'
    )


@pytest.mark.parametrize(
    "text",
    [
        r'{"idProspect":"C:\\u0000"}',
        r'{"idProspect":"\ud83d\ude00 \u00e9"}',
        '{"idProspect":"SPKE20240001","noKtp":"3374E1234567890"}',
        '{"idProspect":"P","noKontak":"' + "1" * 1500 + '"}',
    ],
)
def test_what_only_looks_dangerous_is_left_alone(text: str) -> None:
    one = document(text)
    assert (one.document, one.notes) == (None, ())


def test_not_a_number_becomes_null() -> None:
    one = document(b'{"idProspect":"P1","latitude":NaN,"longitude":-Infinity,"x":18000000.00}')
    assert one.payload == '{"idProspect":"P1","latitude":NaN,"longitude":-Infinity,"x":18000000.00}'
    assert one.document == '{"idProspect":"P1","latitude":null,"longitude":null,"x":18000000.00}'
    assert one.notes


NUMBERS = [
    "18000000.00",
    "0.1",
    "0.10",
    "12345678901234567890",
    "-123456789012345678901234567890.123",
    "1E+400",
    "1e-7",
]


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("rest", ["", ',"unit":NaN', r',"alamat":"\ud800"'])
def test_numbers_stay_exact_when_a_document_is_rewritten(number: str, rest: str) -> None:
    one = document(f'{{"IdInvoice":"I","Amount":{number}{rest}}}', "inv1")
    assert one.document is not None
    rewritten = json.loads(one.document, parse_float=str, parse_int=str)["amount"]
    assert rewritten in (number, number.upper())


@pytest.mark.parametrize(
    "number", ["1e99999", "-1E-99999", "1e99999999999999999999", "9" * 5000, "0." + "1" * 20_000, "1e400000000"]
)
def test_a_number_beyond_all_measure_is_kept_as_text(number: str) -> None:
    one = document(f'{{"idInvoice":"I","amount":{number}}}', "inv1")
    assert stored(one)["amount"] == number
    assert "a number beyond range is kept as text" in one.notes


def test_a_text_of_ten_megabytes() -> None:
    record = {"idProspect": "P1", "alamat": "é" * 5_000_000}
    assert len(document(record).payload.encode()) > 10_000_000
    assert rejected({"idProspect": "x" * 10_000_000}).payload.endswith('x"}')


def test_of_a_key_that_stands_twice_in_a_record_the_last_counts_as_in_postgres() -> None:
    one = document('{"idProspect":"P1","idProspect":"P2","alamat":"a","alamat":"b"}')
    assert (one.key, one.document) == ("P2", None)
    assert one.content_hash == document({"idProspect": "P2", "alamat": "b"}).content_hash


def test_the_hash_tells_contents_apart_not_the_order_or_spelling_of_keys() -> None:
    same = [
        '{"idInvoice":"I","amount":1.50,"note":{"b":1,"a":[1,2]}}',
        '{"note":{"a":[1,2],"b":1},"amount":1.50, "idInvoice":"I"}',
        '{"Note":{"a":[1,2],"b":1},"Amount":1.50,"idInvoice":"\\u0049"}',
    ]
    other = [same[0].replace("1.50", "1.51"), same[0].replace("[1,2]", "[2,1]"), same[0].replace("1.50", '"1.50"')]
    assert len({document(text, "inv1").content_hash for text in same}) == 1
    assert len({document(text, "inv1").content_hash for text in [same[0], *other]}) == 4


def test_a_document_of_several_records_keeps_them_all_as_sent() -> None:
    texts = [f'{{"deliveryDocumentId":"B1","Detail":[{{"noMesin":"{n}","x":1.10}}]}}' for n in "ab"]
    reading = read(*texts, module="bast")
    (one,) = reading.documents
    assert one.payload == f"[{texts[0]},{texts[1]}]"
    assert one.document == '{"deliveryDocumentId":"B1","detail":[{"noMesin":"a","x":1.10},{"noMesin":"b","x":1.10}]}'
    assert one.notes == ("came as 2 records",)


def test_days_are_counted_by_creation_and_change() -> None:
    reading = read(
        {"idProspect": "P1", "createdTime": "04/05/2026 23:59:59", "modifiedTime": "05/05/2026 00:00:00"},
        {"idProspect": "P2", "createdTime": "05/05/2026 08:00:00", "modifiedTime": ""},
        {"idProspect": "P3", "createdTime": "no time"},
    )
    sizes = [len(one.payload) for one in reading.documents]
    days = [date(2026, 5, 4), date(2026, 5, 5), date(2026, 5, 6)]
    assert days_of(reading.documents, days) == {
        (DEALER, days[0]): (1, sizes[0]),
        (DEALER, days[1]): (2, sizes[0] + sizes[1]),
    }
    assert days_of(reading.documents, days[2:]) == {}
