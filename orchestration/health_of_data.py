"""The part of health that the warehouse tells. A check gives rows of area, whether it is well, sentence, remedy."""

from typing import Any

from orchestration.freshness import LAST_CALLS, LATE_AFTER_HOURS

_RECENT_HOURS = 6
_MAIN_DEALERS = """
    select
        main_dealer.id,
        count(dealer.id),
        max(call.last_at),
        extract(epoch from now() - max(call.last_at)) / 3600,
        sum(call.arrived),
        sum(call.failed),
        main_dealer.created_at > now() - make_interval(hours => %(late_after)s)
    from registry.main_dealer as main_dealer
    left join registry.dealer as dealer
        on dealer.main_dealer_id = main_dealer.id and dealer.is_enabled and dealer.api_key_id is not null
    left join lateral (
        select
            max(last.called_at) as last_at,
            sum(recent.arrived) as arrived,
            sum(recent.failed) as failed
        from unnest(main_dealer.modules) as module (name)
        left join lateral (
            select called_at from raw.api_call
            where dealer_id = dealer.id and module = module.name and outcome in ('records', 'no_data')
            order by called_at desc limit 1
        ) as last on true
        left join lateral (
            select
                count(*) filter (where outcome in ('records', 'no_data')) as arrived,
                count(*) filter (where outcome not in ('records', 'no_data')) as failed
            from raw.api_call
            where dealer_id = dealer.id and module = module.name
                and called_at > now() - make_interval(hours => %(recent)s)
                -- What one request for a whole group brought counts once.
                and (request_id is null or attempts > 0)
        ) as recent on true
    ) as call on true
    where main_dealer.is_enabled
    group by main_dealer.id
    order by main_dealer.id
"""
_QUOTAS = """
    select main_dealer.id, api_key.name, api_key.daily_quota, coalesce(usage.requests, 0)
    from registry.api_key as api_key
    join registry.main_dealer as main_dealer on main_dealer.id = api_key.main_dealer_id and main_dealer.is_enabled
    left join registry.key_usage as usage
        on usage.api_key_id = api_key.id and usage.day = (now() at time zone main_dealer.time_zone)::date
    where api_key.is_enabled and api_key.daily_quota is not null
    order by main_dealer.id, api_key.name
"""

Row = tuple[str, bool, str, str]


def main_dealers(cursor: Any) -> list[Row]:
    """For each enabled main dealer, when it last answered and how many calls failed lately."""
    cursor.execute(_MAIN_DEALERS, {"late_after": LATE_AFTER_HOURS, "recent": _RECENT_HOURS})
    rows: list[Row] = []
    for name, dealers, last_at, hours, arrived, failed, is_new in cursor.fetchall():
        area, failed, arrived = f"main dealer {name}", int(failed or 0), int(arrived or 0)
        if not dealers:
            rows.append((area, True, "no dealer of it is enabled", ""))
            continue
        if last_at is None:
            rows.append((area, bool(is_new) and not failed, "no call has arrived yet", _WHY.format(name)))
            continue
        sentence = f"last answered {_ago(float(hours))} ago; of {arrived + failed:,} calls in the last "
        sentence += f"{_RECENT_HOURS} hours {failed:,} failed"
        rows.append((area, hours < LATE_AFTER_HOURS and failed <= arrived, sentence, _WHY.format(name)))
    return rows or [("main dealers", True, "none is registered and enabled yet", "")]


def quotas(cursor: Any) -> list[Row]:
    """How much of each key's daily quota is used up."""
    cursor.execute(_QUOTAS)
    rows = []
    for main_dealer, key, quota, used in cursor.fetchall():
        remedy = "fetch less often (fetch schedules), or ask the main dealer for a higher quota and enter it"
        sentence = f"{used:,} of {quota:,} requests of today are used"
        rows.append((f"quota {main_dealer}/{key}", used < quota, sentence, remedy))
    return rows


def freshness(cursor: Any) -> list[Row]:
    """How many modules of dealers have had no call for too long."""
    cursor.execute(LAST_CALLS, {"late_after": LATE_AFTER_HOURS})
    calls = cursor.fetchall()
    late = [(dealer_id, module) for module, dealer_id, _, is_late, *_ in calls if is_late]
    sentence = f"{len(late):,} of {len(calls):,} modules of dealers are later than {LATE_AFTER_HOURS} hours"
    if late:
        sentence += f", of dealers {', '.join(sorted({dealer_id for dealer_id, _ in late})[:5])}"
    remedy = "the dashboard Data Operations shows them and why; mend the cause, and catch_up does the rest"
    return [("freshness", not late, sentence, remedy)]


_WHY = (
    "raw.api_call and the dashboard Data Operations say why; a key or an address is mended with "
    "`uv run dealers key edit` or `uv run dealers main-dealer edit {}`"
)


def _ago(hours: float) -> str:
    return f"{hours:.0f} hours" if hours >= 2 else f"{hours * 60:.0f} minutes"
