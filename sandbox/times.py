"""Local time as plain integers.

Inside the sandbox a moment is the number of seconds since 1970-01-01 00:00 *on the main dealer's clock*, and a day is
that number divided by 86,400. Indonesia's zones (UTC+7, +8, +9) have no summer time, so nothing is lost.
"""

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

DAY = 86_400
HOUR = 3_600
EPOCH = date(1970, 1, 1)
FOREVER = 0xFFFFFFFF
"""Later than any moment of the model: "never deleted", "no next version"."""

_TWO = tuple(f"{n:02d}" for n in range(100))
_REQUEST_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - EPOCH).days


@lru_cache(maxsize=4096)
def calendar_date(day: int) -> date:
    """The date of a day number."""
    return EPOCH + timedelta(days=day)


def is_sunday(day: int) -> bool:
    """1970-01-01 was a Thursday."""
    return day % 7 == 3


@lru_cache(maxsize=8192)
def date_text(day: int) -> str:
    """DD/MM/YYYY."""
    return calendar_date(day).strftime("%d/%m/%Y")


@lru_cache(maxsize=8192)
def month_text(day: int) -> str:
    """YY/MM, as document numbers carry it."""
    return calendar_date(day).strftime("%y/%m")


def clock_text(moment: int) -> str:
    """HH:MM."""
    minutes = moment % DAY // 60
    return f"{_TWO[minutes // 60]}:{_TWO[minutes % 60]}"


def stamp(moment: int) -> str:
    """DD/MM/YYYY HH:MM:SS."""
    return f"{date_text(moment // DAY)} {clock_text(moment)}:{_TWO[moment % 60]}"


def local_moment(instant: datetime, zone: ZoneInfo) -> int:
    """An instant as seconds on the clock of `zone`."""
    shown = instant.astimezone(zone).replace(tzinfo=UTC)
    return int(shown.timestamp())


def read_request_time(text: object) -> int | None:
    """A request's `YYYY-MM-DD HH:MM:SS` as a local moment, or None when it is no such thing."""
    if not isinstance(text, str) or not _REQUEST_TIME.fullmatch(text):
        return None
    try:
        return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())
    except ValueError:
        return None
