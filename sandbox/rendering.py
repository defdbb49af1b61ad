"""Documents as encoded JSON, kept for a while: repeated windows cost no more than joining bytes."""

from collections import OrderedDict
from functools import cache

import orjson

from sandbox.contract import modules
from sandbox.main_dealers import MainDealer
from sandbox.model.sale import Sale
from sandbox.sending import Sender
from sandbox.store import Found, canonical, journey

MOST_BYTES = 384 * 1024 * 1024


@cache
def sender(main_dealer: MainDealer, module: str) -> Sender:
    """The compiled differences of a main dealer's module."""
    return Sender(main_dealer.differences, modules()[module])


class Renderer:
    """Renders documents; forgets the oldest when more than `MOST_BYTES` are kept."""

    def __init__(self) -> None:
        # A plain dict looks for its oldest entry past all that were taken out before.
        self._kept: OrderedDict[tuple[Found, bool], bytes] = OrderedDict()
        self._size = 0

    def encoded(self, found: Found, module: str, dealer_asked: bool) -> bytes:
        """The document's records as sent, joined by commas."""
        key = (found, dealer_asked)
        known = self._kept.get(key)
        if known is not None:
            return known
        whole = journey(*found[:4])
        prospect = whole.prospect_number() if isinstance(whole, Sale) else ""
        send = sender(found.dealer.main_dealer, module).send
        records = send(canonical(found), prospect=prospect, dealer_asked=dealer_asked)
        # orjson leaves some 10 kB of room behind each of its results: keep a copy without it.
        encoded = bytes(memoryview(b",".join(map(orjson.dumps, records))))
        self._kept[key] = encoded
        self._size += len(encoded)
        while self._size > MOST_BYTES:
            self._size -= len(self._kept.popitem(last=False)[1])
        return encoded
