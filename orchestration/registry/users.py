"""Which dealers a dealer user may see. The people themselves are Superset's."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import delete, select

from orchestration.registry.models import Dealer, UserDealer
from orchestration.registry.rules import wrong
from orchestration.registry.store import Registry


def dealers_by_user(registry: Registry) -> dict[str, list[str]]:
    """User name -> the dealers that they may see, for users who have any."""
    found: dict[str, list[str]] = {}
    for entry in registry.session.scalars(select(UserDealer).order_by(UserDealer.user_name, UserDealer.dealer_id)):
        found.setdefault(entry.user_name, []).append(entry.dealer_id)
    return found


def let_see(
    registry: Registry, user_name: str, dealers: Iterable[str], account: Mapping[str, Any] | None = None
) -> None:
    """Let a user see exactly these dealers; the history also tells what of their `account` changed.

    Raises RegistryError when a dealer is not in the registry.
    """
    if not user_name.strip():
        raise wrong("user_name", "must not be empty")
    wanted = sorted(set(dealers))
    known = set(registry.session.scalars(select(Dealer.id).where(Dealer.id.in_(wanted))))
    if unknown := [dealer_id for dealer_id in wanted if dealer_id not in known]:
        raise wrong("dealers", f"not in the registry: {', '.join(unknown)}")
    before = dealers_by_user(registry).get(user_name, [])
    changed = dict(account or {})
    if before != wanted:
        registry.session.execute(delete(UserDealer).where(UserDealer.user_name == user_name))
        registry.session.add_all(UserDealer(user_name=user_name, dealer_id=dealer_id) for dealer_id in wanted)
        changed["dealers"] = [", ".join(before), ", ".join(wanted)]
    if changed:
        registry.note_of("user", user_name, "edit", changed)
