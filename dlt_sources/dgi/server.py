"""What a call needs to know of the other side: the main dealer's server, the key it is signed with, the call itself."""

import hashlib
import re
import uuid
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property, lru_cache
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from dlt_sources.dgi.endpoints import ENDPOINTS
from dlt_sources.dgi.outgoing import Outgoing

DEFAULT_VERSION = "v1.3"
_STRICT = Outgoing()
_VERSION = re.compile(r"v\d+(\.\d+)*$", re.IGNORECASE)


@dataclass(frozen=True)
class Server:
    """A main dealer's DGI server with the settings in which servers differ (contract section 1).

    `base_url` is that of H1, `h23_base_url` that of H23 when the workshop lies elsewhere. Times are in seconds.
    """

    id: str
    base_url: str
    h23_base_url: str | None = None
    version: str = DEFAULT_VERSION
    time_zone: str = "Asia/Jakarta"
    token_separator: str = ""
    range_days: int = 7
    max_age_days: int = 30
    modules: frozenset[str] = frozenset(ENDPOINTS)
    connect_timeout: float = 10.0
    answer_timeout: float = 60.0
    attempts: int = 4
    concurrency: int = 4
    max_answer_bytes: int = 256 * 1024 * 1024
    whole_group_calls: bool = False
    outgoing: Outgoing = _STRICT

    def __hash__(self) -> int:
        """Of what tells servers apart; each call looks several times for what belongs to its server."""
        return hash(self.id)

    @cached_property
    def zone(self) -> ZoneInfo:
        """The zone of every time in requests and answers."""
        return ZoneInfo(self.time_zone)

    def url(self, module: str) -> str:
        """Where `module` is read."""
        base = self.base_url
        if ENDPOINTS[module].group == "H23" and self.h23_base_url:
            base = self.h23_base_url
        return f"{complete_base(base, self.version)}/{module}/read"


@dataclass(frozen=True)
class Key:
    """One credential of one dealer group. The secret shows in no representation.

    `old` is the credential that this one replaces, while the server may still know only that.
    """

    name: str
    api_key: str
    secret_key: str = field(repr=False)
    daily_quota: int | None = None
    old: "Key | None" = None

    def __hash__(self) -> int:
        """Of what tells keys apart."""
        return hash(self.api_key)

    def token(self, unix_time: int, separator: str = "") -> str:
        """The `DGI-API-Token` for a request that leaves at `unix_time` (seconds, UTC)."""
        text = separator.join((self.api_key.strip(), self.secret_key.strip(), str(unix_time)))
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Window:
    """A span of time that one request asks for, both ends inclusive, in the main dealer's zone."""

    start: datetime
    end: datetime

    @property
    def dates(self) -> tuple[date, ...]:
        """The local dates that the window covers, first to last."""
        days = (self.end.date() - self.start.date()).days + 1
        return tuple(self.start.date() + timedelta(days=n) for n in range(days))


@dataclass(frozen=True)
class Call:
    """One module, one dealer, one window: the unit of asking.

    Without a dealer it asks for the key's whole group. Such a call is made for its `members`, the calls of single
    dealers that its answer settles; what comes for others of the `group` (all dealers of the key) is left out.
    """

    server: Server
    key: Key
    module: str
    dealer_id: str
    window: Window
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    members: "tuple[Call, ...]" = ()
    group: frozenset[str] = frozenset()

    def body(self) -> dict[str, str]:
        """The request's JSON body. Unused filters are left out: some servers never answer with them empty."""
        start, end = (moment.replace(tzinfo=None) for moment in (self.window.start, self.window.end))
        body = {"fromTime": start.isoformat(" ", "seconds"), "toTime": end.isoformat(" ", "seconds")}
        return body | {"dealerId": self.dealer_id} if self.dealer_id else body


@lru_cache(maxsize=1024)
def complete_base(base_url: str, version: str) -> str:
    """The part of the address before the module: a bare host gets DGI's own path, a path without a version gets it.

    `https://h` -> `https://h/dgi-api/v1.3`; `https://h/x/dgi_api` -> `https://h/x/dgi_api/v1.3`;
    `https://h/dgi-api/v2` stays.
    """
    base = base_url.strip().rstrip("/")
    path = urlsplit(base).path
    if not path:
        base += "/dgi-api"
    elif _VERSION.search(path.rsplit("/", 1)[-1]):
        return base
    return f"{base}/{version.strip('/')}" if version else base
