"""Reads the dates and times of DGI's records where the loader itself needs them: to know a document's days."""

from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

_FORMS = (
    "%d/%m/%Y %H:%M:%S",
    "%Y/%m/%d %H:%M:%S",
    "%Y-%m-%d %H:%M:%S",
    "%d/%m/%Y %H:%M",
    "%d/%m/%Y",
    "%Y-%m-%dT%H:%M:%S",
)


@lru_cache(maxsize=65536)
def read_local_time(text: str) -> datetime | None:
    """The wall-clock time (naive) that `text` states, or None when it states none that exists."""
    text = text.strip()
    # The documented form, several times faster than strptime.
    if len(text) == 19 and text[2] == "/" and text[5] == "/":
        try:
            return datetime(
                int(text[6:10]), int(text[3:5]), int(text[:2]), int(text[11:13]), int(text[14:16]), int(text[17:19])
            )
        except ValueError:
            return None
    for form in _FORMS:
        try:
            return datetime.strptime(text, form)
        except ValueError:
            continue
    return None


@lru_cache(maxsize=65536)
def to_utc(local: datetime | None, zone: ZoneInfo) -> datetime | None:
    """A wall-clock time of `zone` as a moment (aware, UTC); None for the first and last hours that there are.

    Some programs write 01/01/0001 00:00:00 for "no time": east of Greenwich that is before the first moment.
    """
    try:
        return local.replace(tzinfo=zone).astimezone(UTC) if local else None
    except OverflowError:
        return None
