"""The answer around the records: `{"status": ..., "message": ..., "data": ...}` in a main dealer's own form."""

from typing import Any

import orjson

from sandbox.differences import Differences

NO_DATA = "Tidak Ada Data Pada Periode ini"


def _message(differences: Differences, text: str) -> Any:
    if differences.message == "text":
        return text
    return [text] if differences.message == "list" else {"error": text}


def refused(differences: Differences, reason: str) -> bytes:
    """Status 0 with the reason."""
    status: int | str = "0" if differences.status_as_text else 0
    return orjson.dumps({"status": status, "message": _message(differences, reason), "data": None})


def records(differences: Differences, encoded: list[bytes]) -> bytes:
    """The records, already encoded; an empty list is "no data" in the main dealer's form."""
    if not encoded:
        return _no_data(differences)
    status = b'"1"' if differences.status_as_text else b"1"
    return b'{"status":' + status + b',"message":null,"data":[' + b",".join(encoded) + b"]}"


def _no_data(differences: Differences) -> bytes:
    status: int | str = 0 if differences.no_data_is_refused else 1
    answer: dict[str, Any] = {
        "status": str(status) if differences.status_as_text else status,
        "message": _message(differences, NO_DATA) if differences.no_data_is_refused else None,
    }
    if differences.no_data != "missing":
        answer["data"] = [] if differences.no_data == "list" else None
    return orjson.dumps(answer)
