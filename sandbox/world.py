"""The running sandbox: fleet, documents, clocks, faults, calls and extra records in one place for the routes."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from sandbox.auth import Gate
from sandbox.calls import CallLog
from sandbox.faults import Faults
from sandbox.fleet import Dealer, Fleet
from sandbox.main_dealers import MainDealer
from sandbox.rendering import Renderer
from sandbox.store import Store
from sandbox.times import local_moment


@dataclass
class World:
    """State of one sandbox process. `now` is the business clock, None for real time."""

    fleet: Fleet
    max_age_days: int
    latency_seconds: float = 0.0
    now: datetime | None = None
    store: Store = field(init=False)
    gate: Gate = field(init=False)
    renderer: Renderer = field(default_factory=Renderer)
    faults: Faults = field(default_factory=Faults)
    calls: CallLog = field(default_factory=CallLog)
    extra: dict[tuple[str, str], list[tuple[int, bytes]]] = field(default_factory=lambda: defaultdict(list))
    """(dealer, module) -> extra records with the day they belong to, encoded."""

    eastern_zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Asia/Jayapura"))
    """Where in Indonesia a day begins first."""

    def __post_init__(self) -> None:
        self.store = Store(self.fleet)
        self.gate = Gate(self.fleet, self.max_age_days)

    def instant(self) -> datetime:
        """The business time."""
        return self.now or datetime.now(UTC)

    def local_now(self, main_dealer: MainDealer) -> int:
        """The business time on a main dealer's clock."""
        return local_moment(self.instant(), main_dealer.zone)

    def extra_records(self, dealer: Dealer, module: str, first_day: int, last_day: int) -> list[bytes]:
        """Extra records of a dealer and module whose day lies in the window."""
        return [encoded for day, encoded in self.extra.get((dealer.id, module), ()) if first_day <= day <= last_day]
