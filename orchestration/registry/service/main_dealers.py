"""Main dealers, the choices of the forms, and the connection test."""

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter

from dlt_sources.dgi.endpoints import ENDPOINTS
from orchestration.registry.connection_test import check_connection
from orchestration.registry.models import MainDealer
from orchestration.registry.service.bodies import AddMainDealer, EditMainDealer
from orchestration.registry.service.desk import AtDesk

router = APIRouter()
_FIELDS = [column.name for column in MainDealer.__table__.columns]


@router.get("/choices")
def choices(desk: AtDesk) -> dict[str, Any]:
    """What the forms offer: main dealers, groups and modules."""
    with desk.reading() as registry:
        return {
            "main_dealers": [{"id": one.id, "name": one.name} for one in registry.main_dealers()],
            "keys": [{"main_dealer_id": key.main_dealer_id, "name": key.name} for key in registry.api_keys()],
            "modules": [{"id": name, "label": one.label, "group": one.group} for name, one in ENDPOINTS.items()],
        }


@router.get("/main-dealers")
def list_main_dealers(desk: AtDesk) -> list[dict[str, Any]]:
    """All main dealers."""
    with desk.reading() as registry:
        return [_shape(entry) for entry in registry.main_dealers()]


@router.get("/main-dealers/{main_dealer_id}")
def show_main_dealer(desk: AtDesk, main_dealer_id: str) -> dict[str, Any]:
    """One main dealer."""
    with desk.reading() as registry:
        return _shape(registry.main_dealer(main_dealer_id))


@router.post("/main-dealers", status_code=201)
def add_main_dealer(desk: AtDesk, body: AddMainDealer) -> dict[str, Any]:
    """Add a main dealer."""
    values = body.given()
    with desk.writing() as registry:
        entry = registry.add_main_dealer(str(values.pop("id")).strip(), **values)
        registry.session.refresh(entry)
        return _shape(entry)


@router.patch("/main-dealers/{main_dealer_id}")
def edit_main_dealer(desk: AtDesk, main_dealer_id: str, body: EditMainDealer) -> dict[str, Any]:
    """Change a main dealer; `is_enabled` stops or resumes asking it."""
    with desk.writing() as registry:
        return {"changed": registry.edit(registry.main_dealer(main_dealer_id), **body.given())}


@router.post("/main-dealers/{main_dealer_id}/test")
def test_main_dealer(desk: AtDesk, main_dealer_id: str, key: str | None = None) -> list[dict[str, Any]]:
    """One signed call for each module that it serves, with one key or with every enabled one."""
    desk.must_be_named()
    return [asdict(verdict) for verdict in check_connection(desk.settings, main_dealer_id, key)]


def _shape(entry: MainDealer) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in _FIELDS}
