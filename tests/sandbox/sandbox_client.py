"""A client of the sandbox that knows DGI 1.3 and how answers differ: what tests compare with the truth."""

import hashlib
import time
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import requests

from sandbox.contract import NUMERIC_TYPES, Field, Module, modules
from sandbox.differences import Differences
from sandbox.main_dealers import MAIN_DEALERS
from sandbox.sending import WORDS

BOOK, MIXED = "Q7X", "K4B"
DIFFERENCES = {one.id: one.differences for one in MAIN_DEALERS}
H1 = {name for name, module in modules().items() if module.group == "H1"}


class Client:
    """Speaks to one sandbox."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.session = requests.Session()
        fleet = self.get("/sandbox/fleet")
        self.main_dealers = {one["id"]: one for one in fleet["main_dealers"]}
        self.keys = {(one["main_dealer"], one["name"]): one for one in fleet["keys"]}
        self.dealers = {one["id"]: one for one in fleet["dealers"]}

    def get(self, path: str, **query: Any) -> Any:
        """GET a control route."""
        return self.session.get(self.url + path, params=query, timeout=30).json()

    def post(self, path: str, body: Any) -> Any:
        """POST to a control route."""
        return self.session.post(self.url + path, json=body, timeout=30).json()

    def delete(self, path: str) -> Any:
        """DELETE a control route."""
        return self.session.delete(self.url + path, timeout=30).json()

    def dealers_of(self, main_dealer: str) -> list[str]:
        """Dealer ids of a main dealer."""
        return [one["id"] for one in self.dealers.values() if one["main_dealer"] == main_dealer]

    def key_of(self, dealer: str) -> dict[str, Any]:
        """The key of a dealer's group."""
        known = self.dealers[dealer]
        key: dict[str, Any] = self.keys[known["main_dealer"], known["key"]]
        return key

    def headers(
        self, dealer: str, *, skew: int = 0, secret: str | None = None, key: str | None = None
    ) -> dict[str, str]:
        """Signed headers; the arguments spoil them."""
        credentials = self.key_of(dealer)
        separator = self.main_dealers[credentials["main_dealer"]]["token_separator"]
        now = str(int(time.time()) + skew)
        api_key, secret_key = key or credentials["api_key"], secret or credentials["secret_key"]
        token = hashlib.sha256(separator.join((api_key, secret_key, now)).encode()).hexdigest()
        return {"DGI-API-Key": api_key, "X-Request-Time": now, "DGI-API-Token": token}

    def path(self, dealer: str, module: str) -> str:
        """Full address of a module for a dealer."""
        main_dealer = self.main_dealers[self.dealers[dealer]["main_dealer"]]
        return f"{main_dealer['h1_base_url' if module in H1 else 'h23_base_url']}/{module}/read"

    def call(
        self, dealer: str, module: str, body: dict[str, Any], headers: dict[str, str] | None = None, timeout: float = 30
    ) -> requests.Response:
        """One request as it is."""
        return self.session.post(
            self.path(dealer, module), json=body, headers=headers or self.headers(dealer), timeout=timeout,
            allow_redirects=False,
        )  # fmt: skip

    def read(self, dealer: str, module: str, first: date, last: date, **body: Any) -> Any:
        """The answer for whole days, both included."""
        return self.call(dealer, module, {**days(first, last), "dealerId": dealer, **body}).json()

    def documents(self, dealer: str, module: str, first: date, last: date) -> dict[str, dict[str, Any]]:
        """All documents that windows of the main dealer's range over the days return, canonical, by key."""
        main_dealer = self.dealers[dealer]["main_dealer"]
        found: dict[str, dict[str, Any]] = {}
        for start, end in windows(first, last, self.main_dealers[main_dealer]["range_days"]):
            answer = self.read(dealer, module, start, end)
            records = answer.get("data") or []
            found.update(gathered(modules()[module], DIFFERENCES[main_dealer], records))
        return found


def days(first: date, last: date) -> dict[str, str]:
    """fromTime and toTime of whole days."""
    return {"fromTime": f"{first} 00:00:00", "toTime": f"{last} 23:59:59"}


def windows(first: date, last: date, most_days: int) -> Iterator[tuple[date, date]]:
    """Windows of at most so many days that cover the days without a gap."""
    while first <= last:
        end = min(first + timedelta(days=most_days - 1), last)
        yield first, end
        first = end + timedelta(days=1)


def gathered(module: Module, differences: Differences, records: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Canonical documents by key: records of one document gathered, its lines neither lost nor multiplied."""
    documents: dict[str, dict[str, Any]] = {}
    for record in records:
        one = canonical(module, differences, record)
        key = module.key_of(one)
        known = documents.setdefault(key, one)
        if known is one:
            continue
        for child in module.children:
            new = [line for line in one[child] if module.name == "bast" or line not in known[child]]
            known[child] += new
    return documents


def canonical(module: Module, differences: Differences, record: dict[str, Any]) -> dict[str, Any]:
    """A record as sent, read back: documented keys, national codes, numbers as Decimal, no value as ""."""
    document = _level(module, differences, module.fields, record)
    spelled = {name.lower(): value for name, value in record.items()}
    for child, fields in module.children.items():
        document[child] = [_level(module, differences, fields, line) for line in spelled.get(child.lower()) or []]
    return document


def _level(module: Module, differences: Differences, fields: tuple[Field, ...], sent: dict[str, Any]) -> dict[str, Any]:
    spelled = {name.lower(): value for name, value in sent.items()}
    if differences.swapped_coordinates and "latitude" in spelled:
        spelled["latitude"], spelled["longitude"] = spelled["longitude"], spelled["latitude"]
    level = {field.name: _value(module, differences, field, spelled.get(field.name.lower())) for field in fields}
    if level.get("modifiedTime") == "":
        level["modifiedTime"] = level["createdTime"]
    return level


def _value(module: Module, differences: Differences, field: Field, value: Any) -> Any:
    if field.type in NUMERIC_TYPES:
        return Decimal(str(value).replace(",", "."))
    if value in (None, ""):
        return ""
    assert isinstance(value, str)
    value = value.strip()
    for codes in (differences.own_codes.get(field.name), WORDS.get((module.name, field.name))):
        for code, sent in (codes or {}).items():
            if value == sent:
                return code
    if field.type == "time":
        return value.replace(".", ":")
    if field.type == "date":
        return value[:10]
    if field.type == "datetime" and value[4] == "/":
        return f"{value[8:10]}/{value[5:7]}/{value[:4]}{value[10:]}"
    if field.name in ("noRangka", "nomorRangka"):
        return value[-14:]
    return value.partition(" (masuk")[0]
