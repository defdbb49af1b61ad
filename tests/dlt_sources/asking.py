"""Servers, keys and calls for tests: of the sandbox's fleet, or of a main dealer that a test plays itself."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any

from dlt_sources.dgi.endpoints import ENDPOINTS
from dlt_sources.dgi.outgoing import Outgoing
from dlt_sources.dgi.server import Call, Key, Server, Window
from dlt_sources.dgi.windows import group_dates, window_of

DEALER = "09417"
STAND_IN = Outgoing(plain_http=True, private_addresses=True)
DEMO_KEY = Key("demo group", "key-demo-01", "secret-demo-01")


def day_window(first: date, last: date, server: Server) -> Window:
    """Whole local days."""
    return window_of([first, last], server, datetime.now(UTC))


def own_call(url: str, dealer: str = DEALER, module: str = "prsp", **settings: Any) -> Call:
    """A call to a server that the test runs itself, for one fixed day."""
    server = own_server(url, **settings)
    window = Window(datetime(2026, 5, 4, tzinfo=server.zone), datetime(2026, 5, 4, 23, 59, 59, tzinfo=server.zone))
    return Call(server, DEMO_KEY, module, dealer, window)


def own_server(url: str, **settings: Any) -> Server:
    """A main dealer at `url`."""
    return Server(**{"id": "OWN", "base_url": url, "outgoing": STAND_IN, **settings})


class Fleet:
    """The sandbox's fleet as the source knows it."""

    def __init__(self, fleet: dict[str, Any], **settings: Any) -> None:
        self._keys = {(key["main_dealer"], key["name"]): key for key in fleet["keys"]}
        self._dealers = {dealer["id"]: dealer for dealer in fleet["dealers"]}
        self._servers = {
            one["id"]: Server(
                id=one["id"],
                base_url=one["h1_base_url"],
                h23_base_url=one["h23_base_url"],
                time_zone=one["timezone"],
                token_separator=one["token_separator"],
                range_days=one["range_days"],
                max_age_days=one["max_age_days"],
                modules=frozenset(one["modules"]),
                outgoing=STAND_IN,
                **settings,
            )
            for one in fleet["main_dealers"]
        }

    @property
    def known_dealers(self) -> dict[str, frozenset[str]]:
        """The dealers of each main dealer."""
        return {
            name: frozenset(dealer["id"] for dealer in self._dealers.values() if dealer["main_dealer"] == name)
            for name in self._servers
        }

    def server(self, dealer: str) -> Server:
        """The server of a dealer's main dealer."""
        return self._servers[self._dealers[dealer]["main_dealer"]]

    def key(self, dealer: str) -> Key:
        """The key of a dealer's group."""
        known = self._dealers[dealer]
        key = self._keys[known["main_dealer"], known["key"]]
        return Key(key["name"], key["api_key"], key["secret_key"], key["daily_quota"])

    def calls(
        self, dealers: Iterable[str], dates: Iterable[date], modules: Iterable[str] = tuple(ENDPOINTS)
    ) -> list[Call]:
        """What has to be asked to read the dates of the modules for the dealers."""
        now, dates, modules = datetime.now(UTC), list(dates), list(modules)
        return [
            Call(self.server(dealer), self.key(dealer), module, dealer, window_of(group, self.server(dealer), now))
            for dealer in dealers
            for group in group_dates(dates, self.server(dealer).range_days)
            for module in modules
            if module in self.server(dealer).modules
        ]
