"""Dealers: lists, single ones, and whole files of them."""

from dataclasses import asdict
from io import StringIO
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import PlainTextResponse

from orchestration.registry.dealer_files import export_dealers, take_dealers
from orchestration.registry.listing import DealersWanted, find_dealers
from orchestration.registry.models import Dealer
from orchestration.registry.rules import wrong
from orchestration.registry.service.bodies import AddDealer, EditDealer
from orchestration.registry.service.desk import AtDesk

router = APIRouter()
_LARGEST_FILE = 5 << 20


@router.get("/dealers")
def list_dealers(desk: AtDesk, wanted: Annotated[DealersWanted, Depends()]) -> dict[str, Any]:
    """A page of dealers."""
    with desk.reading() as registry:
        found = find_dealers(registry, wanted)
        return {"rows": [_shape(dealer) for dealer in found.rows], "total": found.total}


@router.get("/dealers/{dealer_id}")
def show_dealer(desk: AtDesk, dealer_id: str) -> dict[str, Any]:
    """One dealer."""
    with desk.reading() as registry:
        return _shape(registry.dealer(dealer_id))


@router.post("/dealers", status_code=201)
def add_dealer(desk: AtDesk, body: AddDealer) -> dict[str, Any]:
    """Add a dealer."""
    values = body.given("city", "is_enabled")
    with desk.writing() as registry:
        entry = registry.add_dealer(body.id.strip(), body.name, body.main_dealer_id, body.key, **values)
        registry.session.refresh(entry)
        return _shape(entry)


@router.patch("/dealers/{dealer_id}")
def edit_dealer(desk: AtDesk, dealer_id: str, body: EditDealer) -> dict[str, Any]:
    """Change a dealer; `is_enabled` stops or resumes pulling it."""
    values = body.given("name", "city", "is_enabled")
    with desk.writing() as registry:
        dealer = registry.dealer(dealer_id)
        if body.given("main_dealer_id", "key"):
            values |= registry.place(body.main_dealer_id or None, body.key or None)
        return {"changed": registry.edit(dealer, **values)}


@router.post("/dealer-files")
async def import_file(desk: AtDesk, request: Request, dry_run: bool = True) -> list[dict[str, Any]]:
    """Every row's verdict for a CSV file of dealers; all rows are taken, or none."""
    desk.must_be_named()
    content = bytearray()
    async for part in request.stream():
        content += part
        if len(content) > _LARGEST_FILE:
            raise wrong("file", "the file is larger than 5 MB: split it")
    taken = await run_in_threadpool(take_dealers, desk.settings, bytes(content), "the file", dry_run, desk.user)
    return [asdict(verdict) for verdict in taken]


@router.get("/dealer-files")
def export_file(desk: AtDesk) -> PlainTextResponse:
    """All dealers, in the form that an import takes."""
    file = StringIO()
    export_dealers(desk.settings, file)
    return PlainTextResponse(file.getvalue(), media_type="text/csv")


def _shape(dealer: Dealer) -> dict[str, Any]:
    return {
        "id": dealer.id,
        "name": dealer.name,
        "city": dealer.city,
        "main_dealer_id": dealer.main_dealer_id,
        "key": dealer.api_key.name if dealer.api_key else None,
        "is_enabled": dealer.is_enabled,
        "created_at": dealer.created_at,
        # A dealer is pulled when its main dealer and its key are enabled too.
        "main_dealer_enabled": dealer.main_dealer.is_enabled if dealer.main_dealer else True,
        "key_enabled": dealer.api_key.is_enabled if dealer.api_key else True,
    }
