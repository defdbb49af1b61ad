"""A main dealer with one of its groups, as one choice of a form."""

from collections.abc import Mapping
from typing import Any

NOWHERE = "/"


def places(choices: Mapping[str, Any], groups_only: bool = False) -> list[tuple[str, str]]:
    """Main dealers, each followed by its groups; `groups_only` leaves the main dealers themselves out."""
    found = []
    for main_dealer in choices["main_dealers"]:
        name = f"{main_dealer['id']} {main_dealer['name']}"
        if not groups_only:
            found.append((f"{main_dealer['id']}/", f"main dealer {name}"))
        groups = [key["name"] for key in choices["keys"] if key["main_dealer_id"] == main_dealer["id"]]
        found += [(f"{main_dealer['id']}/{group}", f"{name} · group {group}") for group in groups]
    return found


def place_of(entry: Mapping[str, Any]) -> str:
    """The choice that an entry has."""
    return f"{entry['main_dealer_id'] or ''}/{entry['key'] or ''}"


def split_place(place: str) -> tuple[str | None, str | None]:
    """Main dealer and group of a choice."""
    main_dealer_id, _, key = place.partition("/")  # a main dealer's code has no slash
    return main_dealer_id or None, key or None
