"""The HTTP application: DGI modules under each main dealer's own paths, the sandbox's control routes beside them."""

import asyncio
from collections.abc import Mapping
from typing import Any

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from sandbox import envelope, faults
from sandbox.auth import Refused, Silent, read_body
from sandbox.connections import abort_connection
from sandbox.contract import Module, modules
from sandbox.control import control_routes
from sandbox.main_dealers import MainDealer
from sandbox.store import Found, canonical
from sandbox.times import DAY
from sandbox.world import World

_FILTER_ALIASES = {("prsl", "noPO"): "noSO"}
"""Filters named after a field that the module does not have."""


def build_app(world: World) -> Starlette:
    """The application of a sandbox."""
    routes = [*control_routes(world), Route("/{path:path}", DgiEndpoint(world))]
    return Starlette(routes=routes)


class DgiEndpoint:
    """Every DGI module of every main dealer, as one ASGI application."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.paths: dict[str, tuple[MainDealer, Module]] = {}
        for main_dealer in world.fleet.main_dealers.values():
            for name in main_dealer.modules:
                module = modules()[name]
                base = main_dealer.h1 if module.group == "H1" else main_dealer.h23
                self.paths[f"{base}/{name}/read"] = (main_dealer, module)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        served = self.paths.get(scope["path"])
        if served is None or scope["method"] != "POST":
            await faults.status_page("not_found")(scope, receive, send)
            return
        main_dealer, module = served
        raw = await Request(scope, receive).body()
        asked = _dealer_asked(raw)
        with self.world.calls.call(main_dealer.id, asked, module.name) as tally:
            fault = self.world.faults.due(main_dealer.id, asked, module.name)
            if self.world.latency_seconds:
                await asyncio.sleep(self.world.latency_seconds)
            try:
                content, tally_documents = await self._answer(main_dealer, module, Headers(scope=scope), raw)
            except Refused as refusal:
                content, tally_documents = envelope.refused(main_dealer.differences, str(refusal)), 0
            except Silent:
                await faults.stay_silent(receive)
                abort_connection(scope)
                return
            if fault is not None:
                await faults.perform(fault, main_dealer, content, scope, receive, send)
                return
            tally.documents += tally_documents
            await Response(content, media_type="application/json")(scope, receive, send)

    async def _answer(
        self, main_dealer: MainDealer, module: Module, headers: Mapping[str, str], raw: bytes
    ) -> tuple[bytes, int]:
        """The encoded answer and the number of documents in it."""
        world = self.world
        key = world.gate.key(main_dealer, headers)
        body = read_body(raw)
        window = world.gate.window(key, body)
        wanted = _filters(module, body)
        now = world.local_now(main_dealer)
        encoded: list[bytes] = []
        documents = 0
        for dealer in window.dealers:
            found = world.store.matching(dealer, module.name, window.first, window.last, now)
            if wanted:
                found = [one for one in found if _passes(one, wanted)]
            documents += len(found)
            encoded += [world.renderer.encoded(one, module.name, window.dealer_asked) for one in found]
            encoded += world.extra_records(dealer, module.name, window.first // DAY, window.last // DAY)
            if not window.dealer_asked:
                # A whole group can take seconds: let others have their turn.
                await asyncio.sleep(0)
        return envelope.records(main_dealer.differences, encoded), documents


def _dealer_asked(raw: bytes) -> str | None:
    """The dealer that a request names, as far as it can be read."""
    try:
        asked = read_body(raw).get("dealerId")
    except Refused:
        return None
    return str(asked).strip() if asked else None


def _filters(module: Module, body: Mapping[str, Any]) -> dict[str, str]:
    """The module's filters that are set: field name in lower case -> value."""
    return {
        _FILTER_ALIASES.get((module.name, name), name).lower(): str(body[name]).strip()
        for name in module.filters
        if body.get(name)
    }


def _passes(found: Found, wanted: Mapping[str, str]) -> bool:
    """Whether a document or one of its lines has every value asked for."""
    record = canonical(found)
    levels = [record, *(line for value in record.values() if type(value) is list for line in value)]
    have = {(name.lower(), value) for level in levels for name, value in level.items() if type(value) is str}
    return all(pair in have for pair in wanted.items())
