"""Pages of what the registry holds, searched and sorted: dealers and the change history."""

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Select, String, cast, func, or_, select

from orchestration.registry.models import ApiKey, Base, Change, Dealer
from orchestration.registry.rules import wrong
from orchestration.registry.store import Registry

T = TypeVar("T", bound=Base)

_DEALER_ORDER: dict[str, ColumnElement[Any] | Any] = {
    "id": Dealer.id,
    "name": func.lower(Dealer.name),
    "city": func.lower(Dealer.city),
    "main_dealer": Dealer.main_dealer_id,
    "key": ApiKey.name,
    "state": Dealer.is_enabled,
    "added": Dealer.created_at,
}
DEALER_STATES = ("enabled", "disabled", "without key")


@dataclass(frozen=True)
class Page(Generic[T]):
    """Some rows of a list, and how many there are in all."""

    rows: list[T]
    total: int


@dataclass(frozen=True)
class DealersWanted:
    """Which dealers, in which order: `search` is part of number, name or city; `sort` may begin with a minus."""

    search: str = ""
    main_dealer_id: str = ""
    key: str = ""
    state: str = ""
    sort: str = "id"
    page: int = 1
    size: int = 50


def find_dealers(registry: Registry, wanted: DealersWanted) -> Page[Dealer]:
    """A page of dealers. Raises RegistryError for a state or an order that there is not."""
    query = select(Dealer).outerjoin(ApiKey, Dealer.api_key_id == ApiKey.id)
    if wanted.search.strip():
        texts = (Dealer.id, Dealer.name, Dealer.city)
        query = query.where(or_(*(text.icontains(wanted.search.strip(), autoescape=True) for text in texts)))
    if wanted.main_dealer_id:
        query = query.where(Dealer.main_dealer_id == wanted.main_dealer_id)
    if wanted.key:
        query = query.where(ApiKey.name == wanted.key)
    if wanted.state and wanted.state not in DEALER_STATES:
        raise wrong("state", f"«{wanted.state}» is none of {', '.join(DEALER_STATES)}")
    if wanted.state == "without key":
        query = query.where(Dealer.api_key_id.is_(None))
    elif wanted.state:
        query = query.where(Dealer.is_enabled.is_(wanted.state == "enabled"))
    column = _DEALER_ORDER.get(wanted.sort.removeprefix("-"))
    if column is None:
        raise wrong("sort", f"«{wanted.sort}» is none of {', '.join(_DEALER_ORDER)}")
    order = column.desc() if wanted.sort.startswith("-") else column.asc()
    return _page(registry, query.order_by(order.nulls_last(), Dealer.id), wanted.page, wanted.size)


def find_changes(registry: Registry, search: str = "", entity: str = "", page: int = 1, size: int = 50) -> Page[Change]:
    """Changes, newest first, of which who, what or the values hold `search`."""
    query = select(Change).order_by(Change.id.desc())
    if entity:
        query = query.where(Change.entity == entity)
    if search.strip():
        texts = (Change.changed_by, Change.entity_id, Change.action, cast(Change.values, String))
        query = query.where(or_(*(text.icontains(search.strip(), autoescape=True) for text in texts)))
    return _page(registry, query, page, size)


def _page(registry: Registry, query: Select[T], page: int, size: int) -> Page[T]:
    total = registry.session.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0
    size = min(max(size, 1), 500)
    rows = registry.session.scalars(query.limit(size).offset((max(page, 1) - 1) * size))
    return Page(list(rows), total)
