"""Which dealers a user may see, and who changed what."""

from typing import Any

from fastapi import APIRouter

from orchestration.registry.listing import find_changes
from orchestration.registry.service.bodies import UserDealers
from orchestration.registry.service.desk import AtDesk
from orchestration.registry.users import dealers_by_user, let_see

router = APIRouter()


@router.get("/user-dealers")
def list_user_dealers(desk: AtDesk) -> dict[str, list[str]]:
    """User name -> dealers."""
    with desk.reading() as registry:
        return dealers_by_user(registry)


@router.put("/user-dealers/{user_name}")
def set_user_dealers(desk: AtDesk, user_name: str, body: UserDealers) -> dict[str, list[str]]:
    """Let a user see exactly these dealers."""
    with desk.writing() as registry:
        let_see(registry, user_name, body.dealers, body.account)
        registry.session.flush()
        return {"dealers": dealers_by_user(registry).get(user_name, [])}


@router.get("/changes")
def list_changes(desk: AtDesk, search: str = "", entity: str = "", page: int = 1, size: int = 50) -> dict[str, Any]:
    """A page of the change history, newest first."""
    with desk.reading() as registry:
        found = find_changes(registry, search, entity, page, size)
        fields = ("changed_at", "changed_by", "entity", "entity_id", "action", "values")
        return {"rows": [{name: getattr(row, name) for name in fields} for row in found.rows], "total": found.total}
