"""Whether everything is well, as `dealers doctor` says it."""

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Request

from orchestration.health import look

router = APIRouter()


@router.get("/findings")
def list_findings(request: Request) -> list[dict[str, Any]]:
    """One for each area: well, not well or (null) not to be told, in a sentence, with the remedy."""
    return [asdict(finding) for finding in look(request.app.state.settings)]
