"""Which schedule pulls what, and which of them are due: the narrowest one that names a dealer's module counts.

A schedule of the registry is about one dealer, one key's group, one main dealer, or all; its times are those of each
main dealer's own clock. What no schedule names is pulled as ever, by `pull_yesterday_and_today`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from dagster._utils.schedules import is_valid_cron_string, reverse_cron_string_iterator
from sqlalchemy import select

from orchestration.pull.asked import Place
from orchestration.registry.models import Dealer, FetchSchedule
from orchestration.registry.store import Registry


@dataclass(frozen=True)
class Assigned:
    """A dealer's module with the schedules that pull it; none is the default."""

    place: Place
    time_zone: str
    schedules: tuple[FetchSchedule, ...]


def assigned(registry: Registry) -> list[Assigned]:
    """Every module of every dealer that can be pulled, with its schedules."""
    schedules = list(registry.session.scalars(select(FetchSchedule).where(FetchSchedule.is_enabled)))
    found = []
    for dealer in registry.dealers(enabled_only=True):
        main_dealer, key = dealer.main_dealer, dealer.api_key
        if not (main_dealer and main_dealer.is_enabled and key and key.is_enabled):
            continue
        levels = _levels(dealer, schedules)
        for module in main_dealer.modules:
            naming = [[s for s in level if s.modules is None or module in s.modules] for level in levels]
            narrowest = next((tuple(level) for level in naming if level), ())
            found.append(Assigned((module, dealer.id), main_dealer.time_zone, narrowest))
    return found


def cron_of(schedule: FetchSchedule) -> str:
    """A schedule as a cron expression."""
    if schedule.every_hours:
        return "0 0 * * *" if schedule.every_hours == 24 else f"0 */{schedule.every_hours} * * *"
    if schedule.daily_at:
        return f"{schedule.daily_at.minute} {schedule.daily_at.hour} * * *"
    return schedule.cron or ""


def last_due(schedule: FetchSchedule, time_zone: str, now: datetime) -> datetime | None:
    """When a schedule was last due, `now` included; None for a cron expression that is none."""
    cron = cron_of(schedule)
    if not is_valid_cron_string(cron):
        return None
    times = reverse_cron_string_iterator(now.timestamp() + 1, cron, time_zone)
    return next(moment for moment in times if moment <= now).astimezone(UTC)


def due(everything: Iterable[Assigned], since: datetime, now: datetime) -> tuple[list[Place], list[str]]:
    """The modules of dealers that became due after `since`, and by which schedules, with the time of each."""
    times: dict[tuple[int, str], datetime | None] = {}
    places: list[Place] = []
    reasons: set[str] = set()
    for one in everything:
        for schedule in one.schedules:
            at = (schedule.id, one.time_zone)
            if at not in times:
                times[at] = last_due(schedule, one.time_zone, now)
            moment = times[at]
            if moment and since < moment <= now:
                places.append(one.place)
                reasons.add(f"{schedule.id}@{moment:%Y-%m-%dT%H:%M}")
    return list(dict.fromkeys(places)), sorted(reasons)


def by_dealer(places: Iterable[Place]) -> dict[str, list[str]]:
    """Modules by dealer."""
    modules: dict[str, list[str]] = {}
    for module, dealer_id in places:
        modules.setdefault(dealer_id, []).append(module)
    return modules


def by_default(everything: Iterable[Assigned]) -> Mapping[str, list[str]] | None:
    """Modules by dealer of what has no schedule of its own; None when nothing has one."""
    listed = list(everything)
    if not any(one.schedules for one in listed):
        return None
    return by_dealer(one.place for one in listed if not one.schedules)


def _levels(dealer: Dealer, schedules: Iterable[FetchSchedule]) -> list[list[FetchSchedule]]:
    """The schedules about a dealer: its own, its group's, its main dealer's, everybody's."""
    levels: list[list[FetchSchedule]] = [[], [], [], []]
    for schedule in schedules:
        if schedule.dealer_id:
            level = 0 if schedule.dealer_id == dealer.id else None
        elif schedule.api_key_id:
            level = 1 if schedule.api_key_id == dealer.api_key_id else None
        elif schedule.main_dealer_id:
            level = 2 if schedule.main_dealer_id == dealer.main_dealer_id else None
        else:
            level = 3
        if level is not None:
            levels[level].append(schedule)
    return levels
