"""Calls that failed and that no later call has made up for, gathered by what caused them.

The same definition as `is_open_failure` of `marts.fct_call`, so that alerts and the dashboard Data Operations tell the
same story; read from raw, because the marts are late when the transform is what has failed. Only what can still be
fetched and is to be: dates within the main dealer's age limit, of dealers, keys, main dealers and modules that are on.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

import psycopg2

from orchestration.alerts.finding import Finding, Kind

# The newest failure of each window counts: asking again in vain makes it no other window.
_OPEN_FAILURES = """
    with failed as (
        select distinct on (call.dealer_id, call.module, call.date_from, call.date_to)
            call.*, greatest(main_dealer.range_days, 31) as longest
        from raw.api_call as call
        join raw._dlt_loads as load on load.load_id = call._dlt_load_id and load.status = 0
        join registry.dealer as dealer on dealer.id = call.dealer_id and dealer.is_enabled
        join registry.api_key as api_key on api_key.id = dealer.api_key_id and api_key.is_enabled
        join registry.main_dealer as main_dealer
            on main_dealer.id = dealer.main_dealer_id and main_dealer.is_enabled
            and main_dealer.id = call.main_dealer_id and call.module = any(main_dealer.modules)
        where call.outcome in ('refused', 'failed')
            and call.called_at > (
                select now() - make_interval(days => max(max_age_days + range_days)) from registry.main_dealer
            )
            and call.date_to >= (now() at time zone main_dealer.time_zone)::date - main_dealer.max_age_days
        order by call.dealer_id, call.module, call.date_from, call.date_to, call.called_at desc
    )
    select
        main_dealer_id,
        api_key_name,
        outcome,
        reason,
        count(*),
        array_agg(distinct dealer_id),
        array_agg(distinct module),
        min(called_at),
        min(date_from),
        max(date_to)
    from failed
    where not coalesce((
        select range_agg(daterange(later.date_from, later.date_to, '[]'))
            @> daterange(failed.date_from, failed.date_to, '[]')
        from raw.api_call as later
        join raw._dlt_loads as load on load.load_id = later._dlt_load_id and load.status = 0
        where later.dealer_id = failed.dealer_id
            and later.module = failed.module
            and later.outcome in ('records', 'no_data')
            -- No window is longer; without this, the index would be read from its first date.
            and later.date_from between failed.date_from - failed.longest and failed.date_to
            and later.date_to >= failed.date_from
            and later.called_at > failed.called_at
    ), false)
    group by main_dealer_id, api_key_name, outcome, reason
    order by count(*) desc
"""
_QUOTAS_USED_UP = """
    select api_key.main_dealer_id, api_key.name, usage.requests, api_key.daily_quota
    from registry.api_key as api_key
    join registry.main_dealer as main_dealer on main_dealer.id = api_key.main_dealer_id and main_dealer.is_enabled
    join registry.key_usage as usage
        on usage.api_key_id = api_key.id and usage.day = (now() at time zone main_dealer.time_zone)::date
    where api_key.is_enabled and usage.requests >= api_key.daily_quota
"""
_RETRY = "launch the job retry_failed"


class _Cause(NamedTuple):
    """A kind of reason: how it is recognised, whether it is one key's affair, and what mends it."""

    name: str
    pattern: str
    kind: Kind
    by_key: bool
    at_once: bool
    title: str
    remedy: str


# The first that fits. Patterns are of the words in dlt_sources/dgi/client.py, and of servers' own where those name it.
_CAUSES = (
    _Cause("quota", r"quota|kuota", Kind.QUOTA, True, True, "a key's quota is used up",
           "Nothing more can be fetched with this key until its next day begins; what is missing is asked for then. "
           "Ask the main dealer for a larger quota, or pull less often; `uv run dealers key edit --daily-quota` sets "
           "what we keep to."),
    _Cause("key", r"does not accept this API key", Kind.REFUSED, True, True, "a key is not accepted",
           "Ask the main dealer for the valid key and secret, enter them with `uv run dealers key edit`, then "
           f"{_RETRY}."),
    _Cause("clock", r"clock differs", Kind.REFUSED, False, True, "this machine's clock is wrong",
           f"Set the clock of this machine (switch on NTP), then {_RETRY}."),
    _Cause("module", r"does not have this module", Kind.REFUSED, True, True, "a module is not there",
           "Ask the main dealer whether it serves the module. If not, name those that it does with `uv run dealers "
           f"main-dealer edit ID --module ...`; if it does, check its address there, then {_RETRY}."),
    _Cause("window", r"window is longer or older", Kind.REFUSED, True, True, "windows are refused",
           "Set the main dealer's limits with `uv run dealers main-dealer edit ID --range-days N --max-age-days N`, "
           f"then {_RETRY}."),
    _Cause("certificate", r"certificate", Kind.REFUSED, False, True, "the server's certificate is not valid",
           f"Tell the main dealer's IT to renew it. Nothing is sent to the server until then. Then {_RETRY}."),
    _Cause("redirect", r"redirects elsewhere", Kind.REFUSED, False, True, "the server has moved",
           "Ask the main dealer for the new address, enter it with `uv run dealers main-dealer edit ID --base-url "
           f"...`, then {_RETRY}."),
    _Cause("request", r"request cannot be sent", Kind.REFUSED, True, True, "the request cannot be sent",
           "Check the address (`uv run dealers main-dealer show ID`) and the API key (`uv run dealers key show`), "
           f"then {_RETRY}."),
    _Cause("size", r"answer is larger than", Kind.REFUSED, True, True, "answers are too large",
           "Make the windows shorter with `uv run dealers main-dealer edit ID --range-days N`, then "
           f"{_RETRY}."),
    _Cause("dealer", r"dealer.{0,20}(tidak terdaftar|tidak dikenal|unknown|not registered|not found)", Kind.REFUSED,
           True, True, "the server does not know a dealer",
           "Check the dealer's number and key (`uv run dealers show NUMBER`) with the main dealer, or disable the "
           f"dealer, then {_RETRY}."),
)  # fmt: skip
_REFUSED = _Cause(
    "refused", "", Kind.REFUSED, True, True, "calls are refused",
    "The dashboard Data Operations and raw.api_call have the server's own words. Mend the cause with the main dealer, "
    f"then {_RETRY}.",
)  # fmt: skip
_FAILING = _Cause(
    "failing", "", Kind.FAILING, False, False, "calls fail",
    "Temporary failures are asked for again by themselves. When they last, tell the main dealer's IT; when its server "
    f"is back, {_RETRY}.",
)  # fmt: skip
_SHOWN_REASONS = 3


@dataclass
class _Gathered:
    """Groups of open failures with the same cause."""

    cause: _Cause
    main_dealer_id: str
    keys: set[str]
    reasons: dict[str, int]
    dealers: set[str]
    modules: set[str]
    since: datetime
    first: date
    last: date


def pull_failures(connection: "psycopg2.extensions.connection") -> list[Finding]:
    """An incident for each main dealer, key where it is the key's affair, and cause."""
    with connection.cursor() as cursor:
        cursor.execute(_OPEN_FAILURES)
        groups = cursor.fetchall()
        cursor.execute(_QUOTAS_USED_UP)
        used_up = cursor.fetchall()
    findings = [_finding(gathered) for gathered in _gather(groups)]
    known = {(finding.kind, finding.cause) for finding in findings}
    return findings + [finding for finding in _quotas(used_up) if (finding.kind, finding.cause) not in known]


def cause_of(outcome: str, reason: str | None) -> _Cause:
    """The kind of reason that a failed call's reason is of."""
    for cause in _CAUSES:
        if re.search(cause.pattern, reason or "", re.IGNORECASE):
            return cause
    return _FAILING if outcome == "failed" else _REFUSED


def _gather(groups: Iterable[tuple[Any, ...]]) -> Iterable[_Gathered]:
    found: dict[tuple[str, ...], _Gathered] = {}
    for main_dealer_id, key, outcome, reason, count, dealers, modules, since, first, last in groups:
        cause = cause_of(outcome, reason)
        place = (cause.name, main_dealer_id, *([key] if cause.by_key else []))
        fresh = _Gathered(cause, main_dealer_id, set(), {}, set(), set(), since, first, last)
        one = found.setdefault(place, fresh)
        words = _words(reason, outcome)
        one.keys.add(key)
        one.reasons[words] = one.reasons.get(words, 0) + count
        one.dealers.update(dealers)
        one.modules.update(modules)
        one.since, one.first, one.last = min(one.since, since), min(one.first, first), max(one.last, last)
    return found.values()


def _words(reason: str | None, outcome: str) -> str:
    """A reason without what the server itself said, which may hold anything: a name, a token."""
    words = re.sub(r"\s*\(?«.*»\)?", "", reason or outcome, flags=re.DOTALL).strip().rstrip(":")
    # Calls that were not made any more name the number of those before, which differs.
    return re.sub(r"^not asked: the \d+ calls before", "not asked: the calls before", words)


def _finding(gathered: _Gathered) -> Finding:
    cause, reasons = gathered.cause, sorted(gathered.reasons.items(), key=lambda item: -item[1])
    shown = [f"{words} ({count:,} window{'s' if count > 1 else ''})" for words, count in reasons[:_SHOWN_REASONS]]
    error = "; ".join(shown)
    if len(reasons) > _SHOWN_REASONS:
        error += f"; and {len(reasons) - _SHOWN_REASONS} more reasons"
    return Finding(
        kind=cause.kind,
        cause="/".join([gathered.main_dealer_id, cause.name, *(sorted(gathered.keys) if cause.by_key else [])]),
        title=cause.title,
        error=error,
        remedy=cause.remedy,
        at_once=cause.at_once,
        since=gathered.since,
        main_dealer_id=gathered.main_dealer_id,
        keys=tuple(sorted(gathered.keys)),
        dealers=tuple(sorted(gathered.dealers)),
        modules=tuple(sorted(gathered.modules)),
        first=gathered.first,
        last=gathered.last,
        rerun=("retry_failed",),
    )


def _quotas(used_up: Iterable[tuple[str, str, int, int]]) -> Iterator[Finding]:
    cause = next(cause for cause in _CAUSES if cause.kind is Kind.QUOTA)
    for main_dealer_id, key, requests, quota in used_up:
        yield Finding(
            kind=Kind.QUOTA,
            cause=f"{main_dealer_id}/{cause.name}/{key}",
            title=cause.title,
            error=f"{requests:,} of {quota:,} requests of today are used up",
            remedy=cause.remedy,
            main_dealer_id=main_dealer_id,
            keys=(key,),
        )
