"""What has not been fetched and still can be: the dates of each dealer and module that no arrived call covered whole.

A date is covered when a committed call for it left after it had ended. Yesterday is left to the schedules as long as
they reach it; where they do not (a new dealer, or nothing ran), yesterday and today are gaps as well. Cost is bounded
by the days that main dealers keep: older calls are not looked at.
"""

from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import psycopg2

from dlt_sources.dgi.groups import is_worth_it
from dlt_sources.dgi.windows import AGE_MARGIN, group_dates
from orchestration.pull.asked import Place

# The wait after a date, or a dealer's module, was asked for in vain doubles with every run that did so.
FIRST_WAIT, LONGEST_WAIT, LONGEST_WAIT_AFTER_REFUSAL = timedelta(minutes=5), timedelta(hours=6), timedelta(days=1)
# So many refusals in a row, with nothing arriving in between, mean the key (as in dlt_sources/dgi/fetching.py).
REFUSED_IN_A_ROW = 3
# Of requests for several dealers a batch holds fewer: their locks are held until it is through.
_WINDOWS_A_CALL = 10
# Dates that close within so many days come before everything else.
CLOSING_DAYS = 3

_GAPS = """
    with changed as materialized (
        select entity, entity_id, max(changed_at) as changed_at from registry.change group by entity, entity_id
    ),
    place as materialized (
        select
            dealer.id as dealer_id, module.name as module, api_key.id as api_key_id, main_dealer.range_days,
            main_dealer.time_zone, api_key.daily_quota, today.day as today,
            case when main_dealer.whole_group_calls then key_group.dealers else 0 end as group_size,
            least(
                ((%(now)s - make_interval(days => main_dealer.max_age_days) + %(margin)s)
                    at time zone main_dealer.time_zone)::date,
                today.day
            ) as oldest,
            greatest(of_dealer.changed_at, of_key.changed_at, of_main_dealer.changed_at) as changed_at
        from registry.dealer as dealer
        join registry.main_dealer as main_dealer on main_dealer.id = dealer.main_dealer_id and main_dealer.is_enabled
        join registry.api_key as api_key on api_key.id = dealer.api_key_id and api_key.is_enabled
        join (select api_key_id, count(*) as dealers from registry.dealer group by api_key_id) as key_group
            on key_group.api_key_id = api_key.id
        cross join lateral (select (%(now)s at time zone main_dealer.time_zone)::date) as today (day)
        cross join unnest(main_dealer.modules) as module (name)
        left join changed as of_dealer on of_dealer.entity = 'dealer' and of_dealer.entity_id = dealer.id
        left join changed as of_key
            on of_key.entity = 'api_key' and of_key.entity_id = main_dealer.id || '/' || api_key.name
        left join changed as of_main_dealer
            on of_main_dealer.entity = 'main_dealer' and of_main_dealer.entity_id = main_dealer.id
        where dealer.is_enabled
    ),
    arrived as materialized (
        select
            place.dealer_id, place.module,
            max(call.called_at) as arrived_at,
            range_agg(daterange(call.date_from, least(call.date_to + 1, called.day))) filter (
                where call.date_from < called.day
            ) as dates,
            bool_or(call.date_to >= place.today - 1) as is_followed
        from place
        join raw.api_call as call
            on call.dealer_id = place.dealer_id and call.module = place.module
            and call.called_at >= place.oldest::timestamp at time zone place.time_zone
            and call.outcome in ('records', 'no_data')
        join raw._dlt_loads as load on load.load_id = call._dlt_load_id and load.status = 0
        cross join lateral (select (call.called_at at time zone place.time_zone)::date) as called (day)
        group by place.dealer_id, place.module
    ),
    gap as materialized (
        select
            place.*, arrived.arrived_at,
            datemultirange(
                daterange(place.oldest, greatest(
                    place.oldest,
                    case when arrived.is_followed then place.today - 1 else place.today + 1 end
                ))
            ) - coalesce(arrived.dates, '{{}}') as dates
        from place
        left join arrived on arrived.dealer_id = place.dealer_id and arrived.module = place.module
    ),
    failed as materialized (
        select
            gap.dealer_id, gap.module, call.called_at, call.date_from, call.date_to, call.outcome,
            coalesce(call.run_id, call.call_id) as run, coalesce(call.request_id, call.call_id) as request,
            call.called_at > coalesce(gap.arrived_at, '-infinity') as is_since_arrival
        from gap
        join raw.api_call as call
            on call.dealer_id = gap.dealer_id and call.module = gap.module
            and call.called_at >= gap.oldest::timestamp at time zone gap.time_zone
            and call.outcome not in ('records', 'no_data')
        where not isempty(gap.dates)
    ),
    failed_place as materialized (
        select
            dealer_id, module, count(distinct run) as times, max(called_at) as last_at,
            (array_agg(outcome order by called_at desc))[1] as outcome
        from failed
        where is_since_arrival
        group by dealer_id, module
    ),
    failed_date as materialized (
        select
            failed.dealer_id, failed.module, day::date as day, count(distinct failed.run) as times,
            max(failed.called_at) as last_at,
            (array_agg(failed.outcome order by failed.called_at desc))[1] as outcome
        from failed
        cross join generate_series(failed.date_from, failed.date_to, '1 day') as day
        group by failed.dealer_id, failed.module, day
    ),
    refused_key as materialized (
        select gap.api_key_id, max(failed.called_at) as last_at
        from gap
        join failed on failed.dealer_id = gap.dealer_id and failed.module = gap.module and failed.outcome = 'refused'
        join (
            select place.api_key_id, max(arrived.arrived_at) as arrived_at
            from place
            left join arrived on arrived.dealer_id = place.dealer_id and arrived.module = place.module
            group by place.api_key_id
        ) as key on key.api_key_id = gap.api_key_id
        where failed.called_at > coalesce(key.arrived_at, '-infinity')
        group by gap.api_key_id
        having count(distinct failed.request) >= %(in_a_row)s
    )
    select
        gap.dealer_id, gap.module, gap.api_key_id, gap.range_days, gap.oldest,
        array_agg(missing.day order by missing.day),
        floor(gap.daily_quota * %(share)s)::int - coalesce(usage.requests, 0),
        floor(gap.daily_quota * %(closing_share)s)::int - coalesce(usage.requests, 0),
        gap.group_size
    from gap
    cross join lateral unnest(gap.dates) as stretch
    cross join lateral (
        select day::date as day from generate_series(lower(stretch), upper(stretch) - 1, '1 day') as day
    ) as missing
    left join failed_place on failed_place.dealer_id = gap.dealer_id and failed_place.module = gap.module
    left join failed_date
        on failed_date.dealer_id = gap.dealer_id and failed_date.module = gap.module
        and failed_date.day = missing.day
    left join refused_key on refused_key.api_key_id = gap.api_key_id
    left join registry.key_usage as usage on usage.api_key_id = gap.api_key_id and usage.day = gap.today
    where
        (refused_key.last_at >= coalesce(gap.changed_at, '-infinity')) is not true
        and (failed_place.outcome = 'refused' and failed_place.last_at >= coalesce(gap.changed_at, '-infinity'))
            is not true
        and {place_due} and {date_due}
    group by
        gap.dealer_id, gap.module, gap.api_key_id, gap.range_days, gap.oldest, gap.daily_quota, usage.requests,
        gap.group_size
"""
_DUE = """(
    {0}.last_at is null or gap.changed_at > {0}.last_at or %(now)s >= {0}.last_at + least(
        case {0}.outcome when 'refused' then %(longest_refused)s else %(longest)s end,
        %(first_wait)s * power(2, least({0}.times, 12) - 1)
    )
)"""
_QUERY = _GAPS.format(place_due=_DUE.format("failed_place"), date_due=_DUE.format("failed_date"))


@dataclass(frozen=True)
class Gap:
    """The dates of a dealer's module that are to be asked for now.

    `budget` is how many requests of its key's daily quota may still be used for catching up, and `closing_budget` how
    many for dates that are about to close; None is no limit. `group_size` is how many dealers one request with the key
    may ask for at once, 0 where its main dealer does not allow it.
    """

    dealer_id: str
    module: str
    api_key_id: int
    range_days: int
    oldest: date
    days: tuple[date, ...]
    budget: int | None
    closing_budget: int | None
    group_size: int = 0

    def windows(self, is_closing: bool) -> list[list[date]]:
        """The dates in windows, oldest first; of those that are about to close only."""
        windows = group_dates(self.days, self.range_days)
        return [one for one in windows if not is_closing or one[0] < self.oldest + timedelta(days=CLOSING_DAYS)]


@dataclass(frozen=True)
class Batch:
    """What is asked for next. `is_closing` tells that it holds dates which are about to close."""

    dates: dict[Place, frozenset[date]]
    calls: int
    is_closing: bool

    @property
    def oldest(self) -> date:
        """The oldest date in it."""
        return min(min(days) for days in self.dates.values())


def find_gaps(warehouse_url: str, now: datetime, share: float, closing_share: float) -> list[Gap]:
    """All gaps of enabled dealers that are due: not refused for good, and not waiting after failures."""
    values = {
        "now": now,
        "margin": AGE_MARGIN,
        "share": share,
        "closing_share": closing_share,
        "first_wait": FIRST_WAIT,
        "longest": LONGEST_WAIT,
        "longest_refused": LONGEST_WAIT_AFTER_REFUSAL,
        "in_a_row": REFUSED_IN_A_ROW,
    }
    with closing(psycopg2.connect(warehouse_url)) as connection, connection.cursor() as cursor:
        cursor.execute(_QUERY, values)
        return [
            Gap(dealer_id, module, key_id, range_days, oldest, tuple(days), *budgets_and_size)
            for dealer_id, module, key_id, range_days, oldest, days, *budgets_and_size in cursor.fetchall()
        ]


def next_batch(gaps: Iterable[Gap], calls: int) -> Batch | None:
    """The oldest windows of the gaps, at most `calls` requests' and no more than each key's quota allows.

    Dealers take turns, window by window, so that a short quota is shared by all of a key's dealers. Where one request
    asks for several dealers their windows count once; they bring a batch to `_WINDOWS_A_CALL` times `calls` at most.
    """
    listed = list(gaps)
    return _batch(listed, calls, is_closing=True) or _batch(listed, calls, is_closing=False)


def _batch(gaps: list[Gap], calls: int, is_closing: bool) -> Batch | None:
    left = {gap.api_key_id: gap.closing_budget if is_closing else gap.budget for gap in gaps}
    dates: dict[Place, set[date]] = {}
    taken = windows = 0
    for _, window, some in sorted(_requests(gaps, is_closing), key=lambda each: each[0]):
        budget = left[some[0].api_key_id]
        if taken == calls or windows >= calls * _WINDOWS_A_CALL:
            break
        if budget is None or budget > 0:
            left[some[0].api_key_id] = None if budget is None else budget - 1
            for gap in some:
                dates.setdefault((gap.module, gap.dealer_id), set()).update(window)
            taken += 1
            windows += len(some)
    if not dates:
        return None
    return Batch({place: frozenset(days) for place, days in dates.items()}, taken, is_closing)


def _requests(gaps: list[Gap], is_closing: bool) -> Iterator[tuple[tuple[date, str, str], list[date], list[Gap]]]:
    """What one request each brings: a window, and the gaps of the dealers that it asks for."""
    alike: dict[tuple[int, str, tuple[date, ...]], list[Gap]] = {}
    for gap in gaps:
        for window in gap.windows(is_closing):
            alike.setdefault((gap.api_key_id, gap.module, tuple(window)), []).append(gap)
    for (_, module, days), some in alike.items():
        together = is_worth_it(len(some), some[0].group_size) and some[0].group_size > 0
        for part in [some] if together else [[gap] for gap in some]:
            yield (days[0], module, min(gap.dealer_id for gap in part)), list(days), part
