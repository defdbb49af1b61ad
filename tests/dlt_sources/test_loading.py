"""What a load leaves in schema raw: versions, deletions, the call log and what was rejected, each once."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from asking import DEALER, DEMO_KEY, Fleet, day_window, own_server
from loading import Raw
from sandbox_orders import BOOK, MIXED, Sandbox, dates_back, today
from stand_in import Reply, StandIn, records, refusal, stand_in

from dlt_sources.dgi.endpoints import ENDPOINTS
from dlt_sources.dgi.fetching import Fetcher
from dlt_sources.dgi.loading import Loaded, load
from dlt_sources.dgi.server import Call
from dlt_sources.dgi.source import create_tables

pytestmark = pytest.mark.slow

Record = dict[str, Any]
YESTERDAY = today() - timedelta(days=1)


class Pulls:
    """Loads yesterday of one module again and again from a main dealer that has what the test says."""

    def __init__(self, server: StandIn, raw: Raw) -> None:
        self._server, self._raw = server, raw

    def __call__(self, *held: Record | bytes, module: str = "prsp", answer: Reply | None = None) -> Loaded:
        self._server.answer = lambda request: answer or records(*held)
        server = own_server(self._server.url, attempts=1)
        call = Call(server, DEMO_KEY, module, DEALER, day_window(YESTERDAY, YESTERDAY, server))
        loaded = load(Fetcher([call], {server.id: frozenset([DEALER])}), self._raw.url, "run 7")
        assert loaded.miscounted == {}
        return loaded


@pytest.fixture
def pull(raw: Raw) -> Iterator[Pulls]:
    with stand_in(lambda request: records()) as server:
        yield Pulls(server, raw)


def prospect(key: str, name: str = "A", days_before: int = 0) -> Record:
    created = (YESTERDAY - timedelta(days=days_before)).strftime("%d/%m/%Y 08:00:00")
    return {"idProspect": key, "dealerId": DEALER, "namaLengkap": name, "createdTime": created, "modifiedTime": created}


def versions(raw: Raw, key: str = "P1") -> list[tuple[Any, ...]]:
    """Names and deletions of a prospect, oldest first."""
    return raw.rows("prsp", "payload::jsonb ->> 'namaLengkap', is_deleted", f"document_key = '{key}'")


@pytest.mark.parametrize("main_dealer", [BOOK, MIXED])
def test_loading_twice_adds_nothing(sandbox: Sandbox, fleet: Fleet, raw: Raw, main_dealer: str) -> None:
    sandbox.set_clock(datetime.now(UTC))
    calls = fleet.calls(sandbox.dealers(main_dealer)[:2], dates_back(30))  # in a week a module may have nothing
    first = load(Fetcher(calls, fleet.known_dealers), raw.url)
    there = raw.versions()
    documents = sandbox.documents_sent()
    assert sum(call.added for call in first.calls) == len(there)
    assert {row[0] for row in there} == set(ENDPOINTS)
    second = load(Fetcher(calls, fleet.known_dealers), raw.url)
    assert sum(call.added for call in second.calls) == 0
    assert raw.versions() == there
    # A window cut at the range may send a document twice: once for its creation and once for its change.
    assert len(there) <= documents
    assert len({row[:3] for row in there}) == len(there)
    assert first.miscounted == second.miscounted == {}


def test_a_changed_document_adds_a_version_and_so_does_one_changed_back(pull: Pulls, raw: Raw) -> None:
    for name in ("A", "A", "B", "B", "A", "A"):
        pull(prospect("P1", name), prospect("P2"))
    assert versions(raw) == [("A", False), ("B", False), ("A", False)]
    assert versions(raw, "P2") == [("A", False)]
    hashes = [row[0] for row in raw.rows("prsp", "content_hash", "document_key = 'P1'")]
    assert hashes[0] == hashes[2] != hashes[1]


def test_the_same_content_in_another_order_of_keys_is_no_change(pull: Pulls, raw: Raw) -> None:
    pull(prospect("P1"))
    pull(dict(reversed(prospect("P1").items())))
    assert versions(raw) == [("A", False)]


def test_a_missing_document_is_marked_deleted_once_and_lives_again_when_it_comes_back(pull: Pulls, raw: Raw) -> None:
    pull(prospect("P1", "A"))
    for held in ([], [], [prospect("P1", "A")], [prospect("P2")], [prospect("P1", "B")]):
        pull(*held)
    assert versions(raw) == [("A", False), ("A", True), ("A", False), ("A", True), ("B", False)]
    assert versions(raw, "P2") == [("A", False), ("A", True)]
    assert raw.rows("api_call", "new_versions, deleted") == [(1, 0), (0, 1), (0, 0), (1, 0), (1, 1), (1, 1)]


def test_only_a_complete_answer_tells_that_a_document_is_missing(pull: Pulls, raw: Raw) -> None:
    pull(prospect("P1"), prospect("old", days_before=4))
    half = Reply(b'{"status":0,"message":"Gagal Mengambil Data","data":[]}')
    for answer in (half, refusal("Invalid Token"), Reply(b"", 503), records(b'{"namaLengkap":"whose key is lost"}')):
        pull(answer=answer)
    assert versions(raw) == [("A", False)]
    pull()
    # What was created outside the window cannot be missed in it.
    assert (versions(raw), versions(raw, "old")) == ([("A", False), ("A", True)], [("A", False)])


def test_a_document_without_a_time_or_with_the_first_there_is_arrives(pull: Pulls, raw: Raw) -> None:
    first_moment = {**prospect("P1"), "createdTime": "01/01/0001 00:00:00", "modifiedTime": ""}
    pull(first_moment, {"idProspect": "P2"})
    pull()
    assert raw.rows("prsp", "document_key, created_time, modified_time, is_deleted") == [
        ("P1", None, None, False),
        ("P2", None, None, False),
    ]


def test_every_call_has_one_row_with_its_outcome_and_counts(pull: Pulls, raw: Raw) -> None:
    pull(prospect("P1"), prospect("P2"), {**prospect("P3"), "loyalty": 1}, b"7")
    pull()
    pull(answer=refusal("Token \x00 Tidak Valid !!"))
    pull(answer=Reply(b"<html>", 503))
    columns = "outcome, http_status, attempts, records, documents, new_versions, rejected, run_id, dealer_id, module"
    same = ("run 7", DEALER, "prsp")
    assert raw.rows("api_call", columns) == [
        ("records", 200, 1, 4, 3, 3, 1, *same),
        ("no_data", 200, 1, 0, 0, 0, 0, *same),
        ("refused", 200, 1, 0, 0, 0, 0, *same),
        ("failed", 503, 1, 0, 0, 0, 0, *same),
    ]
    assert raw.rows("api_call", "reason is null") == [(True,), (True,), (False,), (False,)]
    assert set(raw.rows("api_call", "date_from, date_to, window_from < window_to")) == {(YESTERDAY, YESTERDAY, True)}
    (by_day, undocumented), *_ = raw.rows("api_call", "documents_by_day::jsonb, undocumented_fields::jsonb")
    assert {day: counted[0] for day, counted in by_day[DEALER].items()} == {YESTERDAY.isoformat(): 3}
    assert undocumented == ["loyalty"]
    # Each row is joined to its call.
    calls = {row[0] for row in raw.rows("api_call", "call_id")}
    assert {row[0] for row in raw.rows("prsp", "call_id")} <= calls


def test_a_rejected_record_lands_once_with_its_reason_and_stops_nothing(pull: Pulls, raw: Raw) -> None:
    stranger = {**prospect("P9"), "dealerId": "99999"}
    bad = [b'{"namaLengkap":"no key"}', b"[1]", b'{"x":' + b"[" * 3000 + b"]" * 3000 + b"}", b"{'a':1}"]
    for _ in range(2):
        pull(prospect("P1"), *bad, stranger, *bad[:1], prospect("P2"))
    rejected = raw.rows("rejected_record", "payload, reason, dealer_id, module")
    assert sorted(row[0] for row in rejected) == sorted([*(one.decode() for one in bad), json.dumps(stranger)])
    assert all(reason and module == "prsp" for _, reason, _, module in rejected)
    assert {row[2] for row in rejected} == {DEALER, "99999"}
    assert (len(versions(raw)), len(versions(raw, "P2"))) == (1, 1)


def test_what_is_stored_of_nasty_documents_is_json_for_postgres(pull: Pulls, raw: Raw) -> None:
    nasty = [
        rb'{"idInvoice":"1","amount":12345678901234567890.10,"Status":"\ud800","note":"\u0000"}',
        b'{"idInvoice":"2","amount":NaN,"note":"\x01\xff\x00"}',
        b'{"idInvoice":"3","amount":1e99999}',
        b'{"idInvoice":"4","amount":1e-99999}',
        b'{"idInvoice":"5","amount":' + b"9" * 4300 + b"}",
        b'{"idInvoice":"6","amount":0.' + b"1" * 20_000 + b"}",
        b'{"idInvoice":"7","x":' + b"[" * 99 + b"]" * 99 + b"}",
        b'{"idInvoice":"8","idInvoice":"9","a\\u0000":1,"a":2}',
        b'{"idInvoice":"\\u0000","note":"' + b"x" * 10_000_000 + b'"}',
        b'{"idInvoice":"|\' \\"\\\\ \xf0\x9f\x98\x80 \xe2\x80\xa8","note":"' + b"x" * 10_000_000 + b'"}',
    ]
    loaded = pull(*nasty, module="inv1")
    assert [(call.documents, call.rejected) for call in loaded.calls] == [(9, 1)]
    stored = dict(raw.rows("inv1", "document_key, coalesce(document, payload)::jsonb ->> 'amount'"))
    assert (stored["1"], stored["2"], stored["5"]) == ("12345678901234567890.10", None, "9" * 4300)
    assert [payload for (payload,) in raw.rows("inv1", "payload", "document_key = '1'")] == [nasty[0].decode()]
    assert pull(*nasty, module="inv1").calls[0].added == 0


def test_a_load_of_nothing_is_no_load(raw: Raw) -> None:
    loaded = load(iter(()), raw.url)
    assert loaded.calls == []
    assert raw.versions() == []


def test_a_fetch_that_breaks_off_leaves_nothing_to_be_seen(fleet: Fleet, sandbox: Sandbox, raw: Raw) -> None:
    calls = fleet.calls(sandbox.dealers(BOOK)[:1], dates_back(3))

    def breaking() -> Iterator[Any]:
        for number, one in enumerate(Fetcher(calls, fleet.known_dealers)):
            if number == 9:
                raise RuntimeError("out of memory")
            yield one

    with pytest.raises(Exception, match="out of memory"):
        load(breaking(), raw.url)
    assert raw.versions() == raw.rows("api_call", "call_id") == []


def test_tables_are_made_once_and_their_rows_stay(pull: Pulls, raw: Raw) -> None:
    pull(prospect("P1"))
    columns = "select table_name, column_name, data_type from information_schema.columns where table_schema = 'raw'"
    indexes = "select indexname from pg_indexes where schemaname = 'raw'"
    before = sorted(raw.query(columns)), sorted(raw.query(indexes))
    create_tables(raw.url)
    assert (sorted(raw.query(columns)), sorted(raw.query(indexes))) == before
    assert versions(raw) == [("A", False)]
    assert {row[0] for row in before[0]} >= {*ENDPOINTS, "api_call", "rejected_record", "_dlt_loads"}
