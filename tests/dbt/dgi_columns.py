"""How DGI's field names become column names, and what a staging model's columns are by the endpoint registry.

Here and not in the project itself because models spell their columns out; the tests hold them to the rule.
"""

import re

from dlt_sources.dgi.endpoints import Endpoint

IDENTITY = {"main_dealer_id": "text", "dealer_id": "text", "document_key": "text"}
AUDIT = {
    "created_time": "timestamp with time zone",
    "modified_time": "timestamp with time zone",
    "time_zone": "text",
    "is_deleted_at_source": "boolean",
    "unread_fields": "ARRAY",
    "content_hash": "text",
    "call_id": "text",
    "called_at": "timestamp with time zone",
    "received_at": "timestamp with time zone",
    "load_id": "text",
}
TYPES = {
    "text": "text",
    "code": "text",
    "number": "numeric",
    "latitude": "numeric",
    "longitude": "numeric",
    "date": "date",
    "time": "time without time zone",
    "duration": "interval",
    "timestamp": "timestamp with time zone",
}
# The loader has decided whose the document is; the document's times stand after its lines.
FROM_RAW = {"dealerId", "mainDealerId", "createdTime", "modifiedTime"}


def column_name(field: str) -> str:
    """DGI's key in snake_case, a run of capitals taken as one word: noRangka, idSPK, tanggalPengajuanSTNKKeBiro."""
    words = field.replace("KTPBPKB", "KTP_BPKB")  # the one place where two abbreviations meet
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", words)
    return re.sub(r"(?<=[A-Z])(?=[A-Z][a-z])", "_", words).lower()


def staging_columns(endpoint: Endpoint) -> dict[str, str]:
    """Column name -> type in Postgres, in the order of the view."""
    fields = {column_name(name): TYPES[kind] for name, kind in endpoint.fields.items() if name not in FROM_RAW}
    lines = {column_name(child): "jsonb" for child in endpoint.children}
    return IDENTITY | fields | lines | AUDIT
