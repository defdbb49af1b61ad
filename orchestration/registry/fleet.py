"""Takes a whole fleet into the registry at once: how the sandbox's main dealers and dealers get there."""

from collections.abc import Mapping
from typing import Any

from orchestration.registry.models import Dealer, MainDealer
from orchestration.registry.store import Registry, open_registry
from orchestration.settings import Settings

_MAIN_DEALER_FIELDS = {
    "name": "name",
    "timezone": "time_zone",
    "h1_base_url": "base_url",
    "h23_base_url": "h23_base_url",
    "token_separator": "token_separator",
    "range_days": "range_days",
    "max_age_days": "max_age_days",
    "modules": "modules",
    "whole_group_calls": "whole_group_calls",
}


def register(settings: Settings, fleet: Mapping[str, Any]) -> int:
    """Add or update what `GET /sandbox/fleet` describes. Returns how many entries were new or changed."""
    with open_registry(settings, changed_by="make up") as registry:
        changed = sum(_main_dealer(registry, entry) for entry in fleet["main_dealers"])
        changed += sum(_key(registry, entry) for entry in fleet["keys"])
        changed += sum(_dealer(registry, entry) for entry in fleet["dealers"])
    return changed


def _main_dealer(registry: Registry, entry: Mapping[str, Any]) -> bool:
    # The sandbox gives whole addresses, version and all.
    values = {ours: entry[theirs] for theirs, ours in _MAIN_DEALER_FIELDS.items() if theirs in entry} | {"version": ""}
    if found := registry.session.get(MainDealer, entry["id"]):
        return bool(registry.edit(found, **values))
    registry.add_main_dealer(entry["id"], **values)
    return True


def _key(registry: Registry, entry: Mapping[str, Any]) -> bool:
    values = {"api_key": entry["api_key"], "daily_quota": entry.get("daily_quota")}
    if found := registry.find_key(entry["main_dealer"], entry["name"]):
        if not registry.holds(found, entry["secret_key"]):
            values["secret_encrypted"] = registry.encrypt(entry["secret_key"])
        return bool(registry.edit(found, **values))
    registry.add_key(entry["main_dealer"], entry["name"], secret_key=entry["secret_key"], **values)
    return True


def _dealer(registry: Registry, entry: Mapping[str, Any]) -> bool:
    values = {"name": entry["name"], "city": entry.get("city")}
    if found := registry.session.get(Dealer, entry["id"]):
        return bool(registry.edit(found, **values, **registry.place(entry["main_dealer"], entry["key"])))
    registry.add_dealer(entry["id"], main_dealer_id=entry["main_dealer"], key=entry["key"], **values)
    return True
