"""The routes under /sandbox: fleet, truth, clock, faults, calls and extra records, for demos and tests."""

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from functools import wraps
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.contract import modules
from sandbox.faults import Fault
from sandbox.times import DAY, day_number, local_moment
from sandbox.truth import find_document, truth_rows
from sandbox.world import World

Handler = Callable[[Request], Awaitable[Any]]


class BadRequest(ValueError):
    """The caller's mistake, answered with 400 and the text."""


def _json(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    """Encode what a handler returns; turn a mistake in the request into a 400 that names it."""

    @wraps(handler)
    async def answer(request: Request) -> Response:
        try:
            content, status = await handler(request), 200
        except (BadRequest, KeyError, TypeError, ValueError) as error:
            content, status = {"error": f"{type(error).__name__}: {error}"}, 400
        return Response(orjson.dumps(content), status, media_type="application/json")

    return answer


def control_routes(world: World) -> list[Route]:
    """All control routes of a sandbox."""
    control = _Control(world)
    table: list[tuple[str, str, Handler]] = [
        ("GET", "/health", control.health),
        ("GET", "/sandbox/fleet", control.fleet),
        ("GET", "/sandbox/truth", control.truth),
        ("GET", "/sandbox/document", control.document),
        ("GET", "/sandbox/clock", control.clock),
        ("POST", "/sandbox/clock", control.set_clock),
        ("GET", "/sandbox/faults", control.faults),
        ("POST", "/sandbox/faults", control.order_fault),
        ("DELETE", "/sandbox/faults", control.clear_faults),
        ("GET", "/sandbox/calls", control.calls),
        ("DELETE", "/sandbox/calls", control.reset_calls),
        ("POST", "/sandbox/documents", control.add_records),
        ("DELETE", "/sandbox/documents", control.clear_records),
    ]
    return [Route(path, _json(handler), methods=[method]) for method, path, handler in table]


class _Control:
    def __init__(self, world: World) -> None:
        self.world = world

    async def health(self, request: Request) -> Any:
        return {"status": "ok"}

    async def fleet(self, request: Request) -> Any:
        fleet = self.world.fleet
        root = str(request.base_url).rstrip("/")
        return {
            "main_dealers": [
                {
                    "id": one.id,
                    "name": one.name,
                    "timezone": one.timezone,
                    "h1_base_url": root + one.h1,
                    "h23_base_url": root + one.h23,
                    "token_separator": one.token_separator,
                    "range_days": one.range_days,
                    "max_age_days": self.world.max_age_days,
                    "modules": one.modules,
                }
                for one in fleet.main_dealers.values()
            ],
            "keys": [
                {
                    "main_dealer": key.main_dealer.id,
                    "name": key.name,
                    "api_key": key.api_key,
                    "secret_key": key.secret_key,
                    "daily_quota": key.daily_quota,
                }
                for key in fleet.keys.values()
            ],
            "dealers": [
                {
                    "id": dealer.id,
                    "name": dealer.name,
                    "main_dealer": dealer.main_dealer.id,
                    "key": dealer.key.name,
                    "city": dealer.city.name,
                }
                for dealer in fleet.dealers.values()
            ],
        }

    async def truth(self, request: Request) -> Any:
        query = request.query_params
        dealers = self.world.fleet.select(query.getlist("main_dealer"), query.getlist("dealer"))
        names = query.getlist("module") or list(modules())
        for name in names:
            if name not in modules():
                raise BadRequest(f"unknown module {name}")
        rows = await truth_rows(self.world, dealers, names, *self._days(request))
        return {"as_of": self.world.instant().isoformat(), "rows": rows}

    async def document(self, request: Request) -> Any:
        query = request.query_params
        found = find_document(self.world, query["main_dealer"], query["module"], query["key"], *self._days(request))
        if found is None:
            raise BadRequest(f"no document {query['key']} in the days looked at")
        return found

    def _days(self, request: Request) -> tuple[int, int]:
        """Days `from` and `to`; by default those that are kept, up to today anywhere in Indonesia."""
        query = request.query_params
        today = local_moment(self.world.instant(), self.world.eastern_zone) // DAY
        first = day_number(date.fromisoformat(query["from"])) if "from" in query else today - self.world.max_age_days
        last = day_number(date.fromisoformat(query["to"])) if "to" in query else today
        return first, last

    async def clock(self, request: Request) -> Any:
        return {"now": self.world.instant().isoformat(), "fixed": self.world.now is not None}

    async def set_clock(self, request: Request) -> Any:
        text = orjson.loads(await request.body())["now"]
        if text is None:
            self.world.now = None
        else:
            now = datetime.fromisoformat(text)
            if now.tzinfo is None:
                raise BadRequest("now needs a time zone")
            self.world.now = now.astimezone(UTC)
        return await self.clock(request)

    async def faults(self, request: Request) -> Any:
        return self.world.faults.listed()

    async def order_fault(self, request: Request) -> Any:
        order = orjson.loads(await request.body())
        if order.get("main_dealer") not in self.world.fleet.main_dealers:
            raise BadRequest(f"unknown main dealer {order.get('main_dealer')}")
        self.world.faults.add(Fault(**order))
        return self.world.faults.listed()

    async def clear_faults(self, request: Request) -> Any:
        self.world.faults.ordered.clear()
        return []

    async def calls(self, request: Request) -> Any:
        query = request.query_params
        return self.world.calls.summary(query.getlist("main_dealer"), query.getlist("dealer"), query.getlist("module"))

    async def reset_calls(self, request: Request) -> Any:
        self.world.calls.reset()
        return {}

    async def add_records(self, request: Request) -> Any:
        order = orjson.loads(await request.body())
        dealer = self.world.fleet.dealers[order["dealer"]]
        if dealer.main_dealer.id != order["main_dealer"] or order["module"] not in dealer.main_dealer.modules:
            raise BadRequest("the main dealer has no such dealer or module")
        encoded = [orjson.dumps(record) for record in order.get("records", [])]
        if order.get("raw"):
            encoded.append(order["raw"].encode())
        day = day_number(date.fromisoformat(order["date"]))
        self.world.extra[dealer.id, order["module"]] += [(day, record) for record in encoded]
        return {"added": len(encoded)}

    async def clear_records(self, request: Request) -> Any:
        self.world.extra.clear()
        return {}
