"""Fetch schedules of the registry: when which dealers are pulled. Dagster's sensor acts on them."""

from datetime import time
from typing import Any

from sqlalchemy import select

from dlt_sources.dgi.endpoints import ENDPOINTS
from orchestration.registry.models import FetchSchedule
from orchestration.registry.rules import NotThere, RegistryError, wrong
from orchestration.registry.store import Registry

KINDS = ("every_hours", "daily_at", "cron")


def schedules(registry: Registry) -> list[FetchSchedule]:
    """All schedules by name."""
    return list(registry.session.scalars(select(FetchSchedule).order_by(FetchSchedule.name)))


def schedule(registry: Registry, name: str) -> FetchSchedule:
    """A schedule by its name. Raises RegistryError."""
    found = _find(registry, name)
    if found is None:
        raise NotThere(f"there is no fetch schedule «{name}»: uv run dealers schedule list")
    return found


def add_schedule(registry: Registry, name: str, **values: Any) -> FetchSchedule:
    """Add a schedule. `values` are its scope (`dealers_of`), one kind of KINDS, and modules. Raises RegistryError."""
    _must_be_new(registry, name)
    return registry.add(FetchSchedule(), {"name": name, **_one_kind(values), **_all_is_none(values)})


def edit_schedule(registry: Registry, entry: FetchSchedule, **values: Any) -> list[str]:
    """Change a schedule; another kind takes the place of the present one. Raises RegistryError."""
    name = values.get("name", entry.name)
    if isinstance(name, str) and " ".join(name.split()) != entry.name:
        _must_be_new(registry, name)
    when_it_pulls = _one_kind(values) if any(kind in values for kind in KINDS) else {}
    return registry.edit(entry, **values | when_it_pulls | _all_is_none(values))


def dealers_of(
    registry: Registry, main_dealer_id: str | None = None, key: str | None = None, dealer_id: str | None = None
) -> dict[str, Any]:
    """The scope of a schedule: one dealer, a key's group, a main dealer or, when nothing is named, all dealers.

    Raises RegistryError.
    """
    if dealer_id and (main_dealer_id or key):
        raise wrong("dealer_id", "a dealer, or a main dealer and its group: not both")
    if key and not main_dealer_id:
        raise wrong("main_dealer_id", f"key «{key}» means nothing without its main dealer: give that too")
    scope: dict[str, Any] = {"main_dealer_id": None, "api_key_id": None, "dealer_id": None}
    if dealer_id:
        return scope | {"dealer_id": registry.dealer(dealer_id).id}
    if key and main_dealer_id:
        return scope | {"api_key_id": registry.key(main_dealer_id, key).id}
    if main_dealer_id:
        return scope | {"main_dealer_id": registry.main_dealer(main_dealer_id).id}
    return scope


def whom(entry: FetchSchedule) -> str:
    """Whose documents a schedule pulls, in words."""
    if entry.dealer_id:
        return f"dealer {entry.dealer_id}"
    if entry.api_key:
        return f"group {entry.api_key.name} of {entry.api_key.main_dealer_id}"
    return f"main dealer {entry.main_dealer_id}" if entry.main_dealer_id else "all dealers"


def when(entry: FetchSchedule) -> str:
    """When a schedule pulls, in words; times are the main dealer's."""
    if entry.every_hours:
        return "every hour" if entry.every_hours == 1 else f"every {entry.every_hours} hours"
    return f"daily at {entry.daily_at:%H:%M}" if entry.daily_at else f"cron {entry.cron}"


def time_of_day(text: str) -> time:
    """A time written HH:MM. Raises RegistryError."""
    try:
        hour, minute = text.split(":")
        return time(int(hour), int(minute))
    except ValueError:
        raise wrong("daily_at", f"«{text}» is no time of day: write it as 05:30") from None


def _find(registry: Registry, name: str) -> FetchSchedule | None:
    query = select(FetchSchedule).where(FetchSchedule.name == " ".join(name.split()))
    return registry.session.scalars(query).one_or_none()


def _must_be_new(registry: Registry, name: str) -> None:
    if _find(registry, name):
        raise wrong("name", f"there is a fetch schedule «{name}» already: change it, or give this one another name")


def _one_kind(values: dict[str, Any]) -> dict[str, Any]:
    given = [kind for kind in KINDS if values.get(kind) not in (None, "")]
    if not given:
        raise _no_kind()
    if len(given) > 1:
        raise RegistryError(
            f"give one of every_hours, daily_at and cron, not {' and '.join(given)}",
            {given[1]: f"give one of them: {given[0]} is given too"},
        )
    return {kind: values[kind] if kind in given else None for kind in KINDS}


def _no_kind() -> RegistryError:
    return wrong("every_hours", "say when: every N hours, daily at a time, or a cron expression")


def _all_is_none(values: dict[str, Any]) -> dict[str, Any]:
    """The other fields as they are kept: all modules are no list of modules, so that later ones belong to them."""
    rest = {name: value for name, value in values.items() if name not in KINDS and name != "name"}
    modules = rest.get("modules")
    if modules is not None and set(modules) == set(ENDPOINTS):
        rest["modules"] = None
    return rest
