"""Dates that are missing: dealers whose modules nobody fetches, and dates that will soon be out of reach."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import psycopg2

from orchestration.alerts.finding import Finding, Kind
from orchestration.alerts.messages import LOST
from orchestration.freshness import LAST_CALLS, LATE_AFTER_HOURS

# A warning comes so many days before a date is out of reach, and stays as many after it is.
_DAYS_AHEAD = 3

# For the dates around the age limit: the modules of dealers that no call has covered whole. A call that left on a date
# did not cover the rest of it. A date that was out of reach when the dealer was added was never ours to fetch.
_UNCOVERED = """
    select dealer.main_dealer_id, dealer.id, module.name, dates.day, dates.day - main_dealer.oldest as days_left
    from (
        select *, (now() at time zone time_zone)::date - max_age_days as oldest from registry.main_dealer
        where is_enabled
    ) as main_dealer
    join registry.dealer as dealer on dealer.main_dealer_id = main_dealer.id and dealer.is_enabled
    join registry.api_key as api_key on api_key.id = dealer.api_key_id and api_key.is_enabled
    cross join unnest(main_dealer.modules) as module (name)
    cross join lateral (
        select main_dealer.oldest + n as day from generate_series(-%(days)s, %(days)s - 1) as around (n)
    ) as dates
    where dates.day >= (dealer.created_at at time zone main_dealer.time_zone)::date - main_dealer.max_age_days
        -- One look into the index for each: as a join, it would read the whole log of calls. No window is longer.
        and (
            select true from raw.api_call as call
            join raw._dlt_loads as load on load.load_id = call._dlt_load_id and load.status = 0
            where call.dealer_id = dealer.id
                and call.module = module.name
                and call.outcome in ('records', 'no_data')
                and call.date_from between dates.day - greatest(main_dealer.range_days, 31) and dates.day
                and call.date_to >= dates.day
                and call.called_at >= (dates.day + 1)::timestamp at time zone main_dealer.time_zone
            order by call.date_from desc
            limit 1
        ) is null
    order by dates.day, dealer.id, module.name
"""


@dataclass
class _Missing:
    """What is missing of a main dealer."""

    dealers: set[str] = field(default_factory=set)
    modules: set[str] = field(default_factory=set)
    days: dict[date, int] = field(default_factory=dict)
    lost: set[date] = field(default_factory=set)
    since: list[datetime] = field(default_factory=list)


def late(connection: "psycopg2.extensions.connection") -> list[Finding]:
    """Main dealers with modules that nobody has fetched or tried to. Those tried in vain are an incident already."""
    with connection.cursor() as cursor:
        cursor.execute(LAST_CALLS, {"late_after": LATE_AFTER_HOURS})
        rows = cursor.fetchall()
    allowed = timedelta(hours=LATE_AFTER_HOURS)
    found: dict[str, _Missing] = {}
    for module, dealer_id, _, is_late, main_dealer_id, called_at, tried_at in rows:
        if not is_late or (tried_at and tried_at > datetime.now(UTC) - allowed):
            continue
        missing = found.setdefault(main_dealer_id, _Missing())
        missing.dealers.add(dealer_id)
        missing.modules.add(module)
        if called_at:
            missing.since.append(called_at)
    return [
        Finding(
            kind=Kind.LATE,
            cause=main_dealer_id,
            title="nothing is fetched",
            error=f"no call was made for over {LATE_AFTER_HOURS} hours"
            + ("" if missing.since else ", nor ever one that succeeded"),
            remedy="See that Dagster's daemon runs (`make status`) and that its schedules and sensors are on "
            "(Automation in Dagster). The next pull then brings what is missing; or pull by hand.",
            at_once=False,
            since=min(missing.since, default=None),
            main_dealer_id=main_dealer_id,
            dealers=tuple(sorted(missing.dealers)),
            modules=tuple(sorted(missing.modules)),
            rerun=("pull",),
        )
        for main_dealer_id, missing in found.items()
    ]


def unreachable(connection: "psycopg2.extensions.connection") -> list[Finding]:
    """Main dealers with dates that no call has covered and that they will not give any more in a few days."""
    with connection.cursor() as cursor:
        cursor.execute(_UNCOVERED, {"days": _DAYS_AHEAD})
        rows = cursor.fetchall()
    found: dict[str, _Missing] = {}
    for main_dealer_id, dealer_id, module, day, days_left in rows:
        missing = found.setdefault(main_dealer_id, _Missing())
        missing.dealers.add(dealer_id)
        missing.modules.add(module)
        missing.days[day] = days_left
        if days_left < 0:
            missing.lost.add(day)
    return [_unreachable(main_dealer_id, missing) for main_dealer_id, missing in found.items()]


def _unreachable(main_dealer_id: str, missing: _Missing) -> Finding:
    open_days = {day: left for day, left in missing.days.items() if day not in missing.lost}
    parts = []
    if open_days:
        first, left = min(open_days.items())
        parts.append(
            f"{_dates(open_days)} have not been fetched whole, and the main dealer will not give {first} any more "
            + ("after today" if left <= 0 else f"in {left + 1} days")
        )
    if missing.lost:
        parts.append(f"{_dates(missing.lost)} cannot be fetched any more: what was not fetched of them is lost")
    days = open_days or missing.days
    return Finding(
        kind=Kind.UNREACHABLE,
        cause=main_dealer_id,
        title="dates are about to be lost" if open_days else LOST,
        error="; ".join(parts),
        remedy="Fetch them now, by the command below or a backfill in Dagster. What stands in the way has an incident "
        "of its own; a dealer that is not to be fetched is to be disabled."
        if open_days
        else "Ask the main dealer for these documents in another way, or let them be.",
        at_once=False,
        main_dealer_id=main_dealer_id,
        dealers=tuple(sorted(missing.dealers)),
        modules=tuple(sorted(missing.modules)),
        first=min(days),
        last=max(days),
    )


def _dates(days: Iterable[date]) -> str:
    listed = sorted(days)
    return f"{listed[0]}" if len(listed) == 1 else f"{listed[0]} to {listed[-1]}"
