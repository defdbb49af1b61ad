"""From the dates that somebody wants to the windows that a server may be asked for."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

from dlt_sources.dgi.server import Server, Window

# A request travels for a while; one that asks for the very oldest second would be refused on arrival.
AGE_MARGIN = timedelta(minutes=2)


def oldest_date(server: Server, now: datetime) -> date:
    """The oldest local date of which the server still gives (some of) the documents."""
    return (now.astimezone(server.zone) - timedelta(days=server.max_age_days) + AGE_MARGIN).date()


def today(server: Server, now: datetime) -> date:
    """The main dealer's local date at `now` (an aware datetime)."""
    return now.astimezone(server.zone).date()


def group_dates(dates: Iterable[date], range_days: int) -> list[list[date]]:
    """Contiguous dates in groups of at most `range_days`, counted from the first date of each contiguous stretch."""
    groups: list[list[date]] = []
    for day in sorted(set(dates)):
        follows = bool(groups) and day - groups[-1][-1] == timedelta(days=1)
        if follows and len(groups[-1]) < range_days:
            groups[-1].append(day)
        else:
            groups.append([day])
    return groups


def window_of(dates: list[date], server: Server, now: datetime) -> Window:
    """The window that asks for a contiguous group of dates: whole local days, cut at the age limit and at `now`."""
    local_now = now.astimezone(server.zone).replace(microsecond=0)
    start = datetime.combine(dates[0], time.min, server.zone)
    end = datetime.combine(dates[-1], time(23, 59, 59), server.zone)
    oldest = local_now - timedelta(days=server.max_age_days) + AGE_MARGIN
    return Window(start=max(start, oldest), end=min(end, local_now))
