"""What a registry entry must be like. Every way of editing applies these rules and shows these sentences."""

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from croniter import croniter

from dlt_sources.dgi.endpoints import ENDPOINTS
from dlt_sources.dgi.outgoing import Outgoing

# A partition key joins date and dealer by «|», and a partition range reads «...», so neither may be in a number.
_DEALER_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,19}")
_MAIN_DEALER_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,19}")
_VERSION = re.compile(r"(v\d+(\.\d+)*)?")


class RegistryError(Exception):
    """An entry that the registry does not take; the text names it and says what to do.

    `fields` holds the complaints about single fields, by name, for who shows them beside the fields.
    """

    def __init__(self, text: str, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(text)
        self.fields = dict(fields or {})


class NotThere(RegistryError):
    """An entry that is asked for and not in the registry."""


def wrong(field: str, complaint: str) -> RegistryError:
    """The complaint about one field of an entry, whose sentence needs no field in front."""
    return RegistryError(complaint, {field: complaint})


def tidied(entity: str, name: str, value: Any) -> Any:
    """A value as it is kept: names and addresses arrive with stray spaces."""
    if not isinstance(value, str):
        return value
    if name in ("name", "city"):
        return " ".join(value.split())
    return value.strip() if f"{entity}.{name}" in _STRIPPED else value


def check(entity: str, values: Mapping[str, Any]) -> None:
    """Check the given fields of an entry of table `entity`. Raises RegistryError with all complaints."""
    complaints = {}
    for name, value in values.items():
        rule = _RULES.get(f"{entity}.{name}")
        if rule and value is not None and (complaint := rule(value)):
            complaints[name] = complaint
    if complaints:
        raise RegistryError("; ".join(f"{name}: {complaint}" for name, complaint in complaints.items()), complaints)


def check_addresses(entity: str, values: Mapping[str, Any], allowed: Outgoing) -> None:
    """Check that requests may go to the given addresses of an entry. Raises RegistryError."""
    for name in _ADDRESSES & {f"{entity}.{name}" for name, value in values.items() if value}:
        field = name.partition(".")[2]
        if complaint := allowed.complaint(values[field]):
            raise RegistryError(f"{field}: {complaint}", {field: complaint})


def check_secret(secret: str) -> None:
    """Check a secret key. Raises RegistryError, which does not show it."""
    if complaint := _line(secret):
        raise RegistryError(f"the secret key {complaint}", {"secret_key": f"the secret key {complaint}"})


def _matches(pattern: re.Pattern[str], form: str) -> Callable[[str], str | None]:
    return lambda value: None if pattern.fullmatch(value) else f"«{value}» is not {form}"


def _line(value: str) -> str | None:
    if not value.strip():
        return "must not be empty"
    return None if value.isprintable() else "must be one line of readable text"


def _one_word(value: str) -> str | None:
    if value.isascii() and value.isprintable() and " " not in value:
        return None if value else "must not be empty"
    return "must be letters, digits and signs, without spaces"


def _url(value: str) -> str | None:
    try:
        parts = urlsplit(value)
        _ = parts.port  # looked at only when it is asked for
    except ValueError:
        return "is no address: give it as https://host/path"
    if "@" in parts.netloc:
        return "must hold no user or password"
    if parts.scheme not in ("http", "https") or not parts.hostname or re.search(r"[\s?#]", value):
        return f"«{value}» is no address: give it as https://host/path"
    return None


def _zone(value: str) -> str | None:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return f"«{value}» is no time zone: for example Asia/Jakarta, Asia/Makassar or Asia/Jayapura"
    return None


def _modules(value: list[str]) -> str | None:
    unknown = sorted(set(value) - set(ENDPOINTS))
    return f"unknown: {', '.join(unknown)}; known are {', '.join(ENDPOINTS)}" if unknown else None


def _some_modules(value: list[str]) -> str | None:
    return _modules(value) if value else "must name a module; for all of them leave it out"


def _cron(value: str) -> str | None:
    # croniter takes six fields and words such as @daily too; Dagster would take them in another sense, or not at all.
    if len(value.split()) == 5 and croniter.is_valid(value):
        return None
    return f"«{value}» is not five fields of cron (minute hour day month weekday), for example 30 5 * * 1-6"


def _between(low: float, high: float) -> Callable[[float], str | None]:
    return lambda value: None if low <= value <= high else f"{value:,} is not between {low:,} and {high:,}"


_ADDRESSES = {"main_dealer.base_url", "main_dealer.h23_base_url"}
_STRIPPED = {
    *_ADDRESSES,
    *("main_dealer.version", "api_key.api_key", "fetch_schedule.cron"),
}

_RULES: Mapping[str, Callable[[Any], str | None]] = {
    "main_dealer.id": _matches(_MAIN_DEALER_ID, "a main dealer code: letters and digits, such as Q7X"),
    "main_dealer.name": _line,
    "main_dealer.base_url": _url,
    "main_dealer.h23_base_url": _url,
    "main_dealer.version": _matches(_VERSION, "a version such as v1.3"),
    "main_dealer.time_zone": _zone,
    "main_dealer.modules": _modules,
    "main_dealer.range_days": _between(1, 366),
    "main_dealer.max_age_days": _between(1, 3660),
    "main_dealer.concurrency": _between(1, 64),
    "main_dealer.attempts": _between(1, 20),
    "main_dealer.connect_timeout": _between(0.1, 600),
    "main_dealer.answer_timeout": _between(0.1, 3600),
    "api_key.name": _line,
    "api_key.api_key": _one_word,
    "api_key.daily_quota": _between(1, 10_000_000),
    "dealer.id": _matches(_DEALER_ID, "a dealer number: up to 20 letters and digits, with its leading zeros"),
    "dealer.name": _line,
    "dealer.city": _line,
    "fetch_schedule.name": _line,
    "fetch_schedule.modules": _some_modules,
    "fetch_schedule.every_hours": _between(1, 24),
    "fetch_schedule.cron": _cron,
}
