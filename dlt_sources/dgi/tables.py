"""The raw tables: their columns, and how fetched answers become rows of them.

Arrow tables with the document as text are dlt's fast way into Postgres; nested JSON through dlt's own normaliser takes
about ten times as long.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
from dlt.common.schema.typing import TColumnSchema

from dlt_sources.dgi.endpoints import ENDPOINTS
from dlt_sources.dgi.fetched import Fetched
from dlt_sources.dgi.timestamps import to_utc

_TEXT, _TIME, _INT, _BOOL = pa.string(), pa.timestamp("us", tz="UTC"), pa.int64(), pa.bool_()
_DLT_TYPES = {_TEXT: "text", _TIME: "timestamp", _INT: "bigint", _BOOL: "bool", pa.date32(): "date"}


def _column(name: str, kind: pa.DataType, description: str, nullable: bool = True) -> pa.Field:
    return pa.field(name, kind, nullable, metadata={"description": description})


DOCUMENT = pa.schema(
    [
        _column("call_id", _TEXT, "The call that brought this version", False),
        _column("main_dealer_id", _TEXT, "Main dealer that answered", False),
        _column("dealer_id", _TEXT, "Dealer that the document belongs to", False),
        _column("document_key", _TEXT, "The document's own key; two parts are joined by |", False),
        _column("content_hash", _TEXT, "Hash of the content, without regard to the order of its keys", False),
        _column("payload", _TEXT, "JSON as sent; a list of records when one document came as several", False),
        _column("document", _TEXT, "The same in documented spelling, cleaned and gathered; null when payload is so"),
        _column("is_deleted", _BOOL, "The document was missing when its created-time window was read again", False),
        _column("created_time", _TIME, "When the main dealer says it was created"),
        _column("modified_time", _TIME, "When the main dealer says it was last changed"),
        _column("time_zone", _TEXT, "Zone of the times in the document", False),
        _column("window_from", _TIME, "Start of the window asked for", False),
        _column("window_to", _TIME, "End of the window asked for", False),
        _column("called_at", _TIME, "When the request left; the newest version counts", False),
        _column("received_at", _TIME, "When the answer had arrived", False),
        _column("notes", _TEXT, "What was done to make the document usable, a JSON list"),
    ]
)
# What all rows of a call have in common, and what is a document's own.
_OF_CALL = ("call_id", "main_dealer_id", "time_zone", "window_from", "window_to", "called_at", "received_at")
_OWN = tuple(name for name in DOCUMENT.names if name not in _OF_CALL)
_PAYLOAD = _OWN.index("payload")
API_CALL = pa.schema(
    [
        _column("call_id", _TEXT, "The call", False),
        _column("run_id", _TEXT, "Run that made it"),
        _column("main_dealer_id", _TEXT, "Main dealer asked", False),
        _column("api_key_name", _TEXT, "Dealer group whose key signed it", False),
        _column("dealer_id", _TEXT, "Dealer asked for", False),
        _column("module", _TEXT, "Module read", False),
        _column("window_from", _TIME, "Start of the window", False),
        _column("window_to", _TIME, "End of the window", False),
        _column("date_from", pa.date32(), "First local date covered", False),
        _column("date_to", pa.date32(), "Last local date covered", False),
        _column("called_at", _TIME, "When the last attempt left", False),
        _column("answered_at", _TIME, "When its answer had arrived", False),
        _column("duration_ms", _INT, "How long the last attempt took", False),
        _column("attempts", _INT, "Requests sent; of a shared request 0 but for one of its calls", False),
        _column("http_status", _INT, "HTTP status of the last answer"),
        _column("outcome", _TEXT, "records, no_data, refused or failed", False),
        _column("reason", _TEXT, "Why it was refused or failed, in words"),
        _column("records", _INT, "Records received", False),
        _column("documents", _INT, "Documents they make", False),
        _column("new_versions", _INT, "Documents that were new or changed", False),
        _column("deleted", _INT, "Documents that were there before and are missing now", False),
        _column("rejected", _INT, "Records that could not be used", False),
        _column("answer_bytes", _INT, "Size of the answer, or of this dealer's part of it", False),
        _column("documents_by_day", _TEXT, "JSON: dealer -> date -> [documents, bytes]"),
        _column("undocumented_fields", _TEXT, "JSON list of fields that DGI does not know"),
        _column("notes", _TEXT, "JSON list of remarks"),
        _column("request_id", _TEXT, "The same for calls that one request for a whole group was made for; else null"),
        _column("asked_alone", _TEXT, "Why its whole group's call, which was tried, did not bring it"),
    ]
)
REJECTED_RECORD = pa.schema(
    [
        _column("call_id", _TEXT, "The call that brought it", False),
        _column("main_dealer_id", _TEXT, "Main dealer that sent it", False),
        _column("dealer_id", _TEXT, "Dealer named in the record, else the one asked for; empty where none was", False),
        _column("module", _TEXT, "Module read", False),
        _column("reason", _TEXT, "Why it could not be used", False),
        _column("payload", _TEXT, "The record, whole, as sent", False),
        _column("content_hash", _TEXT, "Hash of the payload", False),
        _column("received_at", _TIME, "When it arrived", False),
    ]
)
SCHEMAS: Mapping[str, pa.Schema] = {
    **dict.fromkeys(ENDPOINTS, DOCUMENT),
    "api_call": API_CALL,
    "rejected_record": REJECTED_RECORD,
}


Tables = dict[str, pa.Table]


def dlt_columns(schema: pa.Schema) -> list[TColumnSchema]:
    """The columns of a raw table as dlt's hints."""
    return [
        {
            "name": column.name,
            "data_type": _DLT_TYPES[column.type],
            "nullable": column.nullable,
            "description": column.metadata[b"description"].decode(),
        }
        for column in schema
    ]


def to_tables(batch: Iterable[Fetched], run_id: str | None, max_bytes: int) -> Iterator[Tables]:
    """The rows that a batch of fetched calls adds, by table, in pieces of about `max_bytes` of documents.

    Tables without rows are left out.
    """
    rows: dict[str, list[Any]] = {}
    size = 0
    for fetched in batch:
        rows.setdefault("api_call", []).append(_call_row(fetched, run_id))
        of_call = _of_call(fetched)
        for own in _own_values(fetched):
            rows.setdefault(fetched.call.module, []).append((of_call, own))
            size += len(own[_PAYLOAD])
            if size >= max_bytes:
                yield _arrow(rows)
                rows, size = {}, 0
        for row in _rejected_rows(fetched):
            rows.setdefault("rejected_record", []).append(row)
            size += len(row["payload"])
    if rows:
        yield _arrow(rows)


def _arrow(rows: Mapping[str, list[Any]]) -> dict[str, pa.Table]:
    return {
        name: _document_table(some) if name in ENDPOINTS else pa.Table.from_pylist(some, schema=SCHEMAS[name])
        for name, some in rows.items()
    }


def _document_table(rows: Sequence[tuple[dict[str, Any], tuple[Any, ...]]]) -> pa.Table:
    """Column by column; what the rows of a call have in common is converted once a call."""
    calls: list[dict[str, Any]] = []
    call_of_row = []
    for of_call, _ in rows:
        if not calls or calls[-1] is not of_call:
            calls.append(of_call)
        call_of_row.append(len(calls) - 1)
    schema = pa.schema([DOCUMENT.field(name) for name in _OF_CALL])
    common = pa.Table.from_pylist(calls, schema=schema).take(call_of_row)
    own = dict(zip(_OWN, zip(*(values for _, values in rows), strict=True), strict=True))
    columns = [pa.array(own[field.name], field.type) if field.name in own else common[field.name] for field in DOCUMENT]
    return pa.Table.from_arrays(columns, schema=DOCUMENT)


def _of_call(fetched: Fetched) -> dict[str, Any]:
    call, answer = fetched.call, fetched.answer
    return {
        "call_id": call.id,
        "main_dealer_id": call.server.id,
        "time_zone": call.server.time_zone,
        "window_from": _utc(call.window.start),
        "window_to": _utc(call.window.end),
        "called_at": answer.called_at,
        "received_at": answer.answered_at,
    }


def _own_values(fetched: Fetched) -> Iterator[tuple[Any, ...]]:
    """A document's own values in the order of `_OWN`."""
    zone = fetched.call.server.zone
    for one in fetched.new_documents:
        created, modified = to_utc(one.created, zone), to_utc(one.modified, zone)
        notes = _json_list(one.notes) if one.notes else None
        head = (one.dealer_id, one.key, one.content_hash, one.payload, one.document)
        yield *head, False, created, modified, notes
    for gone in fetched.missing:
        yield tuple(True if name == "is_deleted" else gone[name] for name in _OWN)


def _call_row(fetched: Fetched, run_id: str | None) -> dict[str, Any]:
    call, answer, reading = fetched.call, fetched.answer, fetched.reading
    days: dict[str, dict[str, tuple[int, int]]] = {}
    for (dealer_id, day), counted in fetched.by_day.items():
        days.setdefault(dealer_id, {})[day.isoformat()] = counted
    return {
        "call_id": call.id,
        "run_id": run_id,
        "main_dealer_id": call.server.id,
        "api_key_name": call.key.name,
        "dealer_id": call.dealer_id,
        "module": call.module,
        "window_from": _utc(call.window.start),
        "window_to": _utc(call.window.end),
        "date_from": call.window.start.date(),
        "date_to": call.window.end.date(),
        "called_at": answer.called_at,
        "answered_at": answer.answered_at,
        "duration_ms": round((answer.answered_at - answer.called_at).total_seconds() * 1000),
        "attempts": answer.attempts,
        "http_status": answer.http_status,
        "outcome": answer.outcome.value,
        "reason": answer.reason,
        "records": fetched.received,
        "documents": len(reading.documents),
        "new_versions": len(fetched.new_documents),
        "deleted": len(fetched.missing),
        "rejected": len(reading.rejected),
        "answer_bytes": answer.body_bytes,
        "documents_by_day": json.dumps(days) if days else None,
        "undocumented_fields": _json_list(sorted(reading.undocumented)),
        "notes": _json_list(answer.notes),
        "request_id": fetched.request_id,
        "asked_alone": fetched.asked_alone,
    }


def _rejected_rows(fetched: Fetched) -> Iterator[dict[str, Any]]:
    for record in fetched.new_rejected:
        yield {
            "call_id": fetched.call.id,
            "main_dealer_id": fetched.call.server.id,
            "dealer_id": record.dealer_id,
            "module": fetched.call.module,
            "reason": record.reason,
            "payload": record.payload,
            "content_hash": record.content_hash,
            "received_at": fetched.answer.answered_at,
        }


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


def _json_list(texts: Iterable[str]) -> str | None:
    listed = list(texts)
    return json.dumps(listed, ensure_ascii=False) if listed else None
