"""Fetch schedules."""

from typing import Any

from fastapi import APIRouter

from orchestration.registry.models import FetchSchedule
from orchestration.registry.rules import NotThere
from orchestration.registry.schedules import (
    KINDS,
    add_schedule,
    dealers_of,
    edit_schedule,
    schedules,
    time_of_day,
    when,
    whom,
)
from orchestration.registry.service.bodies import AddSchedule, EditSchedule
from orchestration.registry.service.desk import AtDesk
from orchestration.registry.store import Registry

router = APIRouter()
_SCOPE = ("main_dealer_id", "key", "dealer_id")


@router.get("/schedules")
def list_schedules(desk: AtDesk) -> list[dict[str, Any]]:
    """All fetch schedules."""
    with desk.reading() as registry:
        return [_shape(entry) for entry in schedules(registry)]


@router.get("/schedules/{schedule_id}")
def show_schedule(desk: AtDesk, schedule_id: int) -> dict[str, Any]:
    """One fetch schedule."""
    with desk.reading() as registry:
        return _shape(_schedule(registry, schedule_id))


@router.post("/schedules", status_code=201)
def add_fetch_schedule(desk: AtDesk, body: AddSchedule) -> dict[str, Any]:
    """Add a fetch schedule, for all dealers unless one, a group or a main dealer is named."""
    with desk.writing() as registry:
        entry = add_schedule(registry, body.name, **_scope(registry, body), **_values(body))
        registry.session.refresh(entry)
        return _shape(entry)


@router.patch("/schedules/{schedule_id}")
def edit_fetch_schedule(desk: AtDesk, schedule_id: int, body: EditSchedule) -> dict[str, Any]:
    """Change a fetch schedule."""
    with desk.writing() as registry:
        values = body.given("name") | _values(body)
        if body.given(*_SCOPE):
            values |= _scope(registry, body)
        return {"changed": edit_schedule(registry, _schedule(registry, schedule_id), **values)}


def _schedule(registry: Registry, schedule_id: int) -> FetchSchedule:
    found = registry.session.get(FetchSchedule, schedule_id)
    if found is None:
        raise NotThere(f"there is no fetch schedule {schedule_id} in the registry")
    return found


def _scope(registry: Registry, body: EditSchedule) -> dict[str, Any]:
    return dealers_of(registry, body.main_dealer_id or None, body.key or None, body.dealer_id or None)


def _values(body: EditSchedule) -> dict[str, Any]:
    values: dict[str, Any] = body.given("modules", "is_enabled", *KINDS)
    if body.daily_at:
        values["daily_at"] = time_of_day(body.daily_at)
    return values


def _shape(entry: FetchSchedule) -> dict[str, Any]:
    return {
        "id": entry.id,
        "name": entry.name,
        "main_dealer_id": entry.api_key.main_dealer_id if entry.api_key else entry.main_dealer_id,
        "key": entry.api_key.name if entry.api_key else None,
        "dealer_id": entry.dealer_id,
        "modules": entry.modules,
        "every_hours": entry.every_hours,
        "daily_at": entry.daily_at and f"{entry.daily_at:%H:%M}",
        "cron": entry.cron,
        "is_enabled": entry.is_enabled,
        "created_at": entry.created_at,
        "whom": whom(entry),
        "when": when(entry),
    }
