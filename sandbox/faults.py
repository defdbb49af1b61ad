"""Faults to order: which request shall fail, and how each kind of failure looks on the wire."""

import asyncio
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

import orjson
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from sandbox import auth, envelope
from sandbox.connections import abort_connection
from sandbox.main_dealers import MainDealer

Kind = Literal[
    "timeout",
    "slow_drip",
    "http_500",
    "http_503",
    "http_429",
    "reset",
    "broken_json",
    "cut_json",
    "html",
    "redirect",
    "quota",
    "wrong_token",
    "dealer_unknown",
    "range",
    "server_failure",
    "not_found",
    "dealer_needed",
    "no_dealer_ids",
]
KINDS: tuple[str, ...] = get_args(Kind)

LONGEST_SILENCE_SECONDS = 120
DRIP_SECONDS = 0.5
ERROR_PAGE = "<!DOCTYPE html><html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>"

_STATUS_PAGES = {
    "http_500": (500, "Internal Server Error"),
    "http_503": (503, "Service Unavailable"),
    "http_429": (429, "Too Many Requests"),
    "not_found": (404, "Not Found"),
    "html": (200, "Sedang Dalam Pemeliharaan"),
}


@dataclass(slots=True)
class Fault:
    """A fault ordered for a main dealer and, unless None, one dealer and one module of it.

    `times` None means until cleared; the first `after` matching requests are served well. `whole_group` means only
    requests for a whole group.
    """

    main_dealer: str
    kind: str
    dealer: str | None = None
    module: str | None = None
    times: int | None = None
    after: int = 0
    whole_group: bool = False

    def matches(self, main_dealer: str, dealer: str | None, module: str) -> bool:
        """Whether a request is meant; `dealer` is None when it asks for a whole group."""
        if self.whole_group and dealer is not None:
            return False
        return self.main_dealer == main_dealer and self.dealer in (None, dealer) and self.module in (None, module)


class Faults:
    """The faults on order."""

    def __init__(self) -> None:
        self.ordered: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Order a fault. Raises ValueError when its kind is unknown."""
        if fault.kind not in KINDS:
            raise ValueError(f"unknown kind of fault: {fault.kind}; one of {', '.join(KINDS)}")
        self.ordered.append(fault)

    def listed(self) -> list[dict[str, Any]]:
        """The faults still on order, with what is left of `times` and `after`."""
        return [asdict(fault) for fault in self.ordered]

    def due(self, main_dealer: str, dealer: str | None, module: str) -> str | None:
        """The kind of fault this request meets, if any; uses it up."""
        for fault in self.ordered:
            if not fault.matches(main_dealer, dealer, module):
                continue
            if fault.after:
                fault.after -= 1
                continue
            if fault.times is not None:
                fault.times -= 1
                if fault.times <= 0:
                    self.ordered.remove(fault)
            return fault.kind
        return None


def refusal(kind: str, main_dealer: MainDealer) -> str | None:
    """The reason of faults that are refusals with status 0; None for all others."""
    return {
        "quota": auth.QUOTA,
        "wrong_token": main_dealer.differences.token_refusal,
        "dealer_unknown": auth.UNKNOWN_DEALER,
        "range": auth.RANGE,
        "server_failure": auth.SERVER_FAILURE,
        "dealer_needed": auth.NO_DEALER,
    }.get(kind)


def status_page(kind: str) -> Response:
    """An HTML page with its HTTP status."""
    status, title = _STATUS_PAGES[kind]
    headers = {"Retry-After": "1"} if kind in ("http_429", "http_503") else None
    return HTMLResponse(ERROR_PAGE.format(title=title), status_code=status, headers=headers)


def _without_dealer_ids(content: bytes) -> bytes:
    answer = orjson.loads(content)
    for record in answer.get("data") or []:
        record.pop("dealerId", None)
    return orjson.dumps(answer)


async def _client_left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def stay_silent(receive: Receive) -> None:
    """Hold the connection without an answer until the client leaves, at most `LONGEST_SILENCE_SECONDS`."""
    with suppress(TimeoutError):
        await asyncio.wait_for(_client_left(receive), LONGEST_SILENCE_SECONDS)


async def _drip(content: bytes, receive: Receive, send: Send) -> None:
    """Send an answer in bits, slower than anybody should wait, until it is sent or the client leaves."""
    await send(
        {
            "type": "http.response.start",
            "status": 200,
            "headers": [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())],
        }
    )
    size = -(-len(content) // int(LONGEST_SILENCE_SECONDS / DRIP_SECONDS))
    for start in range(0, len(content), size):
        more = start + size < len(content)
        await send({"type": "http.response.body", "body": content[start : start + size], "more_body": more})
        with suppress(TimeoutError):
            await asyncio.wait_for(_client_left(receive), DRIP_SECONDS)
            return


async def perform(
    kind: str, main_dealer: MainDealer, content: bytes, scope: Scope, receive: Receive, send: Send
) -> None:
    """Fail as ordered; `content` is the answer that would have been sent."""
    reason = refusal(kind, main_dealer)
    if reason is not None:
        content = envelope.refused(main_dealer.differences, reason)
        response: Response = Response(content, media_type="application/json")
    elif kind == "timeout":
        await stay_silent(receive)
        abort_connection(scope)
        return
    elif kind == "reset":
        abort_connection(scope)
        return
    elif kind == "slow_drip":
        await _drip(content, receive, send)
        return
    elif kind == "cut_json":
        response = Response(content[: max(len(content) * 2 // 3, 1)], media_type="application/json")
    elif kind == "broken_json":
        response = Response(content.replace(b'"data"', b"'data", 1), media_type="application/json")
    elif kind == "no_dealer_ids":
        response = Response(_without_dealer_ids(content), media_type="application/json")
    elif kind == "redirect":
        response = RedirectResponse("/login", status_code=302)
    else:
        response = status_page(kind)
    await response(scope, receive, send)
