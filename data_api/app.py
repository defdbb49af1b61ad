"""The application: a list and a document of each resource, its description, its health, and nothing else."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from fastapi import FastAPI, Request
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse, Response
from fastapi.staticfiles import StaticFiles
from swagger_ui_bundle import swagger_ui_path

from data_api import values
from data_api.answers import list_of, one_of
from data_api.catalogue import Resource, read_catalogue
from data_api.description import describe
from data_api.people import People, people
from data_api.problems import Problem, install
from data_api.questions import read_list, read_one
from data_api.settings import Settings
from data_api.store import open_pool, problem_of

_LOG = logging.getLogger("data_api")
_ERRORS_OF_THE_STORE = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError)
# Answers are personal to the token: no cache between here and there may keep them.
_PRIVATE = {"Cache-Control": "private, no-store"}


def create_app(settings: Settings) -> FastAPI:
    """Makes the application from dbt's files; it connects to nothing before it is asked."""
    catalogue = read_catalogue()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        seconds = settings.api_statement_seconds
        app.state.warehouse = await open_pool(settings.api_database_url, settings.api_connections, seconds)
        app.state.users = await open_pool(settings.api_users_url, 2, seconds)
        app.state.people = people(settings.superset_jwt_key, app.state.users, app.state.warehouse)
        yield
        await app.state.warehouse.close()
        await app.state.users.close()

    app = FastAPI(lifespan=lifespan, openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    install(app)
    _add_open_pages(app, describe(catalogue))
    for resource in catalogue.values():
        app.add_api_route(f"/v1/{resource.name}", _list(app, catalogue, resource), methods=["GET"])
        app.add_api_route(f"/v1/{resource.name}/{{row_id}}", _one(app, catalogue, resource), methods=["GET"])
    return app


def _list(app: FastAPI, catalogue: dict[str, Resource], resource: Resource) -> Callable[..., Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        async with _store_problems():
            person = await _person(app, request)
            asked = read_list(resource, request.query_params.multi_items(), person)
            body = await list_of(app.state.warehouse, catalogue, person, asked)
        return Response(body, media_type="application/json", headers=_PRIVATE)

    return endpoint


def _one(app: FastAPI, catalogue: dict[str, Resource], resource: Resource) -> Callable[..., Awaitable[Response]]:
    async def endpoint(request: Request, row_id: str) -> Response:
        async with _store_problems():
            person = await _person(app, request)
            asked = read_one(resource, request.query_params.multi_items())
            found = values.read("id", row_id, "uuid")
            body = await one_of(app.state.warehouse, catalogue, person, resource, found, asked)
        return Response(body, media_type="application/json", headers=_PRIVATE)

    return endpoint


async def _person(app: FastAPI, request: Request) -> Any:
    known: People = app.state.people
    return await known.by_header(request.headers.get("authorization"))


@asynccontextmanager
async def _store_problems() -> AsyncIterator[None]:
    try:
        yield
    except Problem:
        raise
    except _ERRORS_OF_THE_STORE as error:
        # Its text may hold what was searched for.
        _LOG.warning("%s from a database", type(error).__name__)
        raise problem_of(error) from None


def _add_open_pages(app: FastAPI, description: dict[str, Any]) -> None:
    """What needs no token."""

    async def health() -> dict[str, str]:
        async with _store_problems():
            await app.state.warehouse.fetchval("select 1", timeout=5)
            await app.state.users.fetchval("select 1", timeout=5)
        return {"status": "ok"}

    async def openapi() -> dict[str, Any]:
        return description

    async def docs() -> HTMLResponse:
        assets = "/docs/assets"
        return get_swagger_ui_html(
            openapi_url="/openapi.json",
            title=description["info"]["title"],
            swagger_js_url=f"{assets}/swagger-ui-bundle.js",
            swagger_css_url=f"{assets}/swagger-ui.css",
            swagger_favicon_url=f"{assets}/favicon-32x32.png",
        )

    app.add_api_route("/health", health, methods=["GET"])
    app.add_api_route("/openapi.json", openapi, methods=["GET"])
    app.add_api_route("/docs", docs, methods=["GET"])
    app.mount("/docs/assets", StaticFiles(directory=swagger_ui_path))
