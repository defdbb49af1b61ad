"""Which schedule pulls what, when it is due, and what the sensor and the default schedule ask for."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any

import dagster as dg
import pytest
from registry_support import SECRET, Admin

from dlt_sources.dgi.endpoints import ENDPOINTS
from orchestration.fetch_schedules import fetch_schedules, pull_schedule
from orchestration.registry.due import assigned, due, last_due
from orchestration.registry.models import FetchSchedule
from orchestration.registry.store import open_registry
from orchestration.settings import Settings

NOW = datetime(2026, 11, 25, 3, 30, tzinfo=UTC)  # 10:30 in Jakarta, 11:30 in Makassar

Add = Callable[..., None]


@pytest.fixture
def fleet(settings: Settings) -> None:
    """Two groups in Jakarta, one dealer in Makassar."""
    with open_registry(settings) as registry:
        for main_dealer, zone in (("Q7X", "Asia/Jakarta"), ("M1K", "Asia/Makassar")):
            registry.add_main_dealer(main_dealer, name="Sumber", base_url="https://dgi.example.com", time_zone=zone)
        for main_dealer, key in (("Q7X", "GROUP"), ("Q7X", "OTHER"), ("M1K", "EAST")):
            registry.add_key(main_dealer, key, f"key-{key}", SECRET)
        for dealer_id, key in (("00001", "GROUP"), ("00002", "GROUP"), ("00003", "OTHER"), ("00004", "EAST")):
            registry.add_dealer(dealer_id, "Jaya", "M1K" if key == "EAST" else "Q7X", key)


@pytest.fixture
def add(settings: Settings, fleet: None) -> Add:
    """Adds a fetch schedule; `group` names its key."""

    def add_one(name: str, group: str = "", **values: Any) -> None:
        with open_registry(settings) as registry:
            if group:
                values["api_key_id"] = registry.key("Q7X", group).id
            registry.session.add(FetchSchedule(name=name, **values))

    return add_one


def names(settings: Settings) -> dict[str, dict[str, list[str]]]:
    """Of the dealers whose modules have schedules, their names by module."""
    found: dict[str, dict[str, list[str]]] = {}
    with open_registry(settings) as registry:
        for one in assigned(registry):
            if one.schedules:
                module, dealer = one.place
                found.setdefault(dealer, {})[module] = [schedule.name for schedule in one.schedules]
    return found


def due_dealers(settings: Settings, since: datetime, now: datetime) -> list[str]:
    with open_registry(settings) as registry:
        places, _ = due(assigned(registry), since, now)
    return sorted({dealer for _, dealer in places})


def test_the_narrowest_scope_counts(settings: Settings, add: Add) -> None:
    assert names(settings) == {}
    add("all", every_hours=6)
    add("main dealer", main_dealer_id="Q7X", every_hours=5)
    add("group", group="GROUP", every_hours=4)
    add("dealer", dealer_id="00001", every_hours=3)
    add("off", dealer_id="00002", every_hours=1, is_enabled=False)
    assert {dealer: set(map(str, modules.values())) for dealer, modules in names(settings).items()} == {
        "00001": {"['dealer']"}, "00002": {"['group']"}, "00003": {"['main dealer']"}, "00004": {"['all']"}
    }  # fmt: skip


def test_modules_that_a_narrow_schedule_leaves_out_stay_with_the_wider_one(settings: Settings, add: Add) -> None:
    add("often", dealer_id="00001", modules=["prsp", "spk"], every_hours=1)
    add("night", dealer_id="00001", modules=["prsp"], daily_at=time(1))
    add("group", group="GROUP", modules=["pkb", "spk"], every_hours=4)
    assert names(settings) == {
        "00001": {"prsp": ["often", "night"], "spk": ["often"], "pkb": ["group"]},
        "00002": {"pkb": ["group"], "spk": ["group"]},
    }


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ({"every_hours": 1}, "2026-11-25T10:00+07:00"),
        ({"every_hours": 4}, "2026-11-25T08:00+07:00"),
        ({"every_hours": 24}, "2026-11-25T00:00+07:00"),
        ({"daily_at": time(10, 30)}, "2026-11-25T10:30+07:00"),
        ({"daily_at": time(10, 31)}, "2026-11-24T10:31+07:00"),
        ({"cron": "15 6 * * 1"}, "2026-11-23T06:15+07:00"),
        ({"cron": "not a cron"}, None),
    ],
    ids=str,
)
def test_when_a_schedule_was_last_due(kind: dict[str, Any], expected: str | None) -> None:
    found = last_due(FetchSchedule(name="one", **kind), "Asia/Jakarta", NOW)
    assert found == (datetime.fromisoformat(expected) if expected else None)


def test_times_are_those_of_each_main_dealers_clock(settings: Settings, add: Add) -> None:
    add("noon", daily_at=time(12))
    noon = datetime(2026, 11, 25, 4, tzinfo=UTC)  # in Makassar
    assert due_dealers(settings, noon - timedelta(minutes=1), noon) == ["00004"]
    assert due_dealers(settings, noon, noon + timedelta(minutes=59)) == []
    assert due_dealers(settings, noon, noon + timedelta(hours=1)) == ["00001", "00002", "00003"]


def test_nobody_who_is_disabled_is_due(settings: Settings, add: Add, admin: Admin) -> None:
    add("all", every_hours=1)
    admin.does("disable", "00001")
    admin.does("key", "disable", "--main-dealer", "Q7X", "--name", "OTHER")
    admin.does("main-dealer", "disable", "M1K")
    assert due_dealers(settings, NOW - timedelta(hours=1), NOW) == ["00002"]


class TestSensor:
    """The sensor `fetch_schedules`."""

    @pytest.fixture(autouse=True)
    def instance(self, settings: Settings) -> Any:
        with dg.DagsterInstance.ephemeral() as one:
            self.instance = one
            yield

    def tick(self, cursor: datetime | None) -> tuple[dg.RunRequest | None, datetime]:
        """What a tick asks for, and the cursor after it."""
        text = cursor.isoformat() if cursor else None
        context = dg.build_sensor_context(instance=self.instance, cursor=text)
        result = fetch_schedules(context)
        if isinstance(result, dg.SensorResult):
            (run,) = result.run_requests or ()
            return run, datetime.fromisoformat(result.cursor or "")
        return None, datetime.fromisoformat(context.cursor or "")

    def test_one_run_for_all_that_is_due(self, settings: Settings, add: Add) -> None:
        now = datetime.now(UTC)
        add("dealer", dealer_id="00001", modules=["prsp"], every_hours=1)
        add("east", main_dealer_id="M1K", every_hours=1)
        run, cursor = self.tick(now - timedelta(hours=1))
        assert run
        asked = run.run_config["ops"]["dgi"]["config"]["modules_by_dealer"]
        assert asked["00001"] == ["prsp"]
        assert sorted(asked["00004"]) == sorted(ENDPOINTS)
        assert list(asked) == ["00001", "00004"]
        assert self.tick(cursor)[0] is None, "a time is pulled once"

    def test_what_was_missed_is_made_up_for_once(self, add: Add) -> None:
        add("often", dealer_id="00001", every_hours=1)
        run, cursor = self.tick(datetime.now(UTC) - timedelta(hours=9))
        assert run
        assert self.tick(cursor)[0] is None

    def test_the_same_time_has_the_same_key(self, add: Add) -> None:
        """A daemon that died between the run and the cursor asks again with the key that Dagster knows."""
        add("daily", dealer_id="00001", daily_at=time(0))
        first, second = (self.tick(datetime.now(UTC) - timedelta(hours=24))[0] for _ in range(2))
        assert first
        assert second
        assert first.run_key == second.run_key

    def test_a_first_look_asks_for_nothing(self, add: Add) -> None:
        add("often", dealer_id="00001", every_hours=1)
        run, cursor = self.tick(None)
        assert run is None
        assert datetime.now(UTC) - cursor < timedelta(minutes=1)


class TestDefaultSchedule:
    """The schedule `pull_yesterday_and_today`."""

    def asked(self) -> dict[str, Any] | None:
        with dg.DagsterInstance.ephemeral() as instance:
            result = pull_schedule(dg.build_schedule_context(instance=instance, scheduled_execution_time=NOW))
        assert isinstance(result, dg.RunRequest | dg.SkipReason)
        return dict(result.run_config) if isinstance(result, dg.RunRequest) else None

    def test_without_schedules_it_pulls_everything(self, settings: Settings, fleet: None) -> None:
        assert self.asked() == {}

    def test_it_leaves_out_what_has_a_schedule(self, settings: Settings, add: Add) -> None:
        add("group", group="GROUP", every_hours=4)
        add("part", dealer_id="00003", modules=["prsp"], every_hours=4)
        asked = (self.asked() or {})["ops"]["dgi"]["config"]["modules_by_dealer"]
        assert list(asked) == ["00003", "00004"]
        assert set(asked["00003"]) == set(ENDPOINTS) - {"prsp"}
        add("all", every_hours=4)
        assert self.asked() is None
