"""The application: who may ask, and how it says what is wrong."""

import secrets
from typing import Any

import psycopg2
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DBAPIError
from starlette.types import ASGIApp, Receive, Scope, Send

from orchestration.registry.encryption import CannotDecrypt
from orchestration.registry.rules import NotThere, RegistryError
from orchestration.registry.service import dealers, findings, keys, main_dealers, people, schedules
from orchestration.registry.troubles import database_in_words
from orchestration.settings import SettingError, Settings

HEALTH = "/health"


class _CallerOnly:
    """Answers 401 to all who do not send the key; nothing but the health address is open."""

    def __init__(self, app: ASGIApp, key: str) -> None:
        self._app = app
        self._expected = f"Bearer {key}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] != HEALTH:
            sent = dict(scope["headers"]).get(b"authorization", b"")
            if not secrets.compare_digest(sent, self._expected):
                words = "the key of the registry's service is missing or wrong: see REGISTRY_SERVICE_KEY"
                await _said(401, words)(scope, receive, send)
                return
        await self._app(scope, receive, send)


def create_app(settings: Settings) -> FastAPI:
    """The service for these settings. Raises SettingError when one of those that it needs is missing."""
    app = FastAPI(title="Registry", openapi_url=None, docs_url=None, redoc_url=None)
    app.state.settings = settings
    settings.registry()
    app.add_middleware(_CallerOnly, key=settings.require("registry_service_key"))
    for part in (main_dealers, keys, dealers, schedules, people, findings):
        app.include_router(part.router)

    @app.get(HEALTH)
    def health() -> dict[str, str]:
        return {"status": "ok"}

    app.add_exception_handler(RequestValidationError, _in_wrong_form)
    app.add_exception_handler(RegistryError, _refused)
    app.add_exception_handler(SettingError, _unusable)
    app.add_exception_handler(CannotDecrypt, _unusable)
    app.add_exception_handler(DBAPIError, _no_database)
    app.add_exception_handler(psycopg2.Error, _no_database)
    return app


def _said(status: int, message: str, fields: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"message": message, "fields": fields or {}}, status)


def _refused(request: Request, error: Any) -> JSONResponse:
    return _said(404 if isinstance(error, NotThere) and not error.fields else 422, str(error), error.fields)


def _in_wrong_form(request: Request, error: Any) -> JSONResponse:
    """What was sent is in no answer: it may hold a secret."""
    complaints = {str(one["loc"][1] if len(one["loc"]) > 1 else one["loc"][0]): one["msg"] for one in error.errors()}
    return _said(422, "; ".join(f"{name}: {text}" for name, text in complaints.items()), complaints)


def _unusable(request: Request, error: Any) -> JSONResponse:
    return _said(503, str(error))


def _no_database(request: Request, error: Any) -> JSONResponse:
    sentence = database_in_words(error)
    if sentence is None:
        raise error
    return _said(503, sentence)
