"""Texts of a request as values of a column's type, as asyncpg takes them; and those values back as texts."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from data_api.problems import malformed

_INTEGERS = range(-(2**31), 2**31)
_LONGEST = 200
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)


def _text(text: str) -> str:
    if len(text) > _LONGEST or "\0" in text:
        raise ValueError(text)
    return text


def _uuid(text: str) -> UUID:
    if not _UUID.fullmatch(text):
        raise ValueError(text)
    return UUID(text)


def _date(text: str) -> date:
    if len(text) != len("2026-01-31"):
        raise ValueError(text)
    return date.fromisoformat(text)


def _instant(text: str) -> datetime:
    found = datetime.fromisoformat(text.replace(" ", "+"))  # a plus sign that nobody encoded
    if found.tzinfo is None:
        raise ValueError(text)
    return found.astimezone(UTC)


def _integer(text: str) -> int:
    if not re.fullmatch(r"-?\d{1,10}", text, re.ASCII) or int(text) not in _INTEGERS:
        raise ValueError(text)
    return int(text)


def _boolean(text: str) -> bool:
    return {"true": True, "false": False}[text]


_READ: dict[str, tuple[Callable[[str], Any], str]] = {
    "text": (_text, f"a text of at most {_LONGEST} characters"),
    "uuid": (_uuid, "a UUID such as 3f2b8a52-6f0e-4b1c-9d3e-0a1b2c3d4e5f"),
    "date": (_date, "a date such as 2026-01-31"),
    "timestamptz": (_instant, "a time with its offset such as 2026-01-31T08:00:00+07:00 (a plus sign is %2B in a URL)"),
    "int": (_integer, "a whole number"),
    "boolean": (_boolean, "true or false"),
}


def read(parameter: str, text: str, kind: str) -> Any:
    """The value of a parameter. Raises Problem when it is none of that kind."""
    reader, what = _READ[kind]
    try:
        return reader(text)
    except (ValueError, KeyError, OverflowError):
        raise malformed(parameter, f"{parameter} must be {what}.") from None


def write(value: Any) -> str | None:
    """A value as the text that `read` gives it back from."""
    if value is None or isinstance(value, str):
        return value
    return value.isoformat() if isinstance(value, date) else str(value)
