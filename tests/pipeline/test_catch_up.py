"""Whatever was missed comes by itself: oldest first, once, in turns, and never by hammering what refuses."""

import uuid
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import dagster as dg
import pytest
import staging_truth
from catching_up import CatchUp
from pipeline_support import BOOK, MIXED, Sandbox, Warehouse, dates_back, today
from staging_truth import compare, staging, truth

from dlt_sources.dgi.endpoints import ENDPOINTS
from orchestration.by_hand import pull_by_hand
from orchestration.pull.gaps import find_gaps
from orchestration.pull.locks import holding_catch_up
from orchestration.registry.models import ApiKey
from orchestration.registry.store import open_registry
from orchestration.settings import Settings

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

EVERYTHING = dates_back(31)  # what a main dealer that keeps 30 days gives, the oldest date in part
NOW = datetime.now(UTC) - timedelta(minutes=1)


class Fleet:
    """The registered dealers, all disabled until a test wants one."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        with open_registry(settings) as registry:
            self.key_of = {dealer.id: dealer.api_key_id for dealer in registry.dealers()}
            self.owner_of = {dealer.id: dealer.main_dealer_id for dealer in registry.dealers()}
            for dealer in registry.dealers():
                registry.edit(dealer, is_enabled=False)
            for main_dealer in registry.main_dealers():
                registry.edit(main_dealer, attempts=1)
        groups: dict[int | None, list[str]] = {}
        for dealer_id, key in self.key_of.items():
            groups.setdefault(key, []).append(dealer_id)
        self.group = max(groups.values(), key=len)[:3]
        others = [dealer_id for dealer_id in self.key_of if dealer_id not in self.group]
        self.failing, self.refused, *self.rest = others
        assert len(self.group) == 3
        assert {self.owner_of[dealer_id] for dealer_id in self.rest} == {BOOK, MIXED}

    def enable(self, *dealers: str) -> None:
        with open_registry(self._settings) as registry:
            for dealer_id in dealers:
                registry.edit(registry.dealer(dealer_id), is_enabled=True)

    def change_key(self, dealer_id: str, **values: int | None) -> None:
        with open_registry(self._settings) as registry:
            key = registry.session.get(ApiKey, self.key_of[dealer_id])
            assert key
            registry.edit(key, **values)


@pytest.fixture(scope="module")
def fleet(settings: Settings) -> Fleet:
    return Fleet(settings)


@pytest.fixture
def catching_up(fleet: Fleet, instance: dg.DagsterInstance, sandbox: Sandbox) -> CatchUp:
    # Nothing happens at the main dealers while the tests run.
    sandbox.set_clock(NOW)
    return CatchUp(instance)


def due_in(warehouse: Warehouse, wait: timedelta, dealer_id: str) -> set[str]:
    """Modules of a dealer that would be asked for if nothing else happened for so long."""
    found = find_gaps(warehouse.url, datetime.now(UTC) + wait, 1.0, 1.0)
    return {gap.module for gap in found if gap.dealer_id == dealer_id}


def served(settings: Settings, fleet: Fleet, dealer_id: str) -> set[str]:
    with open_registry(settings) as registry:
        return set(registry.main_dealer(fleet.owner_of[dealer_id] or "").modules)


def test_new_dealers_are_pulled_whole_and_share_a_short_quota(
    settings: Settings, fleet: Fleet, catching_up: CatchUp, sandbox: Sandbox, instance: dg.DagsterInstance
) -> None:
    assert catching_up.look() is None, "no dealer is enabled"
    fleet.enable(*fleet.group)
    fleet.change_key(fleet.group[0], daily_quota=20)
    assert catching_up.look(), "a change of the registry is seen at the next tick"
    assert set(instance.get_dynamic_partitions("dealer")) == set(fleet.key_of), "new dealers get their partitions"
    assert catching_up.run()
    # Nine tenths for dates that are about to close; the rest is kept for whoever retries by hand.
    assert [sandbox.calls(dealer) for dealer in fleet.group] == [6, 6, 6]
    assert catching_up.look() is None, "the quota is used up as far as it may be"

    fleet.change_key(fleet.group[0], daily_quota=None)
    assert catching_up.until_nothing_is_missing() == [True]
    with open_registry(settings) as registry:
        range_days = registry.main_dealer(fleet.owner_of[fleet.group[0]] or "").range_days
    for dealer in fleet.group:
        windows = -(-len(EVERYTHING) // range_days)
        assert sandbox.calls(dealer) == windows * len(served(settings, fleet, dealer))
    assert not [dealer for dealer in fleet.key_of if dealer not in fleet.group and sandbox.calls(dealer)]


def test_what_fails_is_asked_for_again_after_a_growing_wait(
    settings: Settings, fleet: Fleet, catching_up: CatchUp, warehouse: Warehouse, sandbox: Sandbox
) -> None:
    sandbox.fault("http_500", dealer=fleet.failing, module="prsp")
    fleet.enable(fleet.failing)
    assert catching_up.until_nothing_is_missing() == [False]
    asked = sandbox.calls(fleet.failing)
    assert catching_up.look() is None
    assert due_in(warehouse, timedelta(minutes=4), fleet.failing) == set()
    assert due_in(warehouse, timedelta(minutes=6), fleet.failing) == {"prsp"}
    assert not pull_by_hand(settings, EVERYTHING[2], EVERYTHING[-1], [fleet.failing], ["prsp"], False)
    assert due_in(warehouse, timedelta(minutes=6), fleet.failing) == set(), "the wait has doubled"
    assert due_in(warehouse, timedelta(minutes=11), fleet.failing) == {"prsp"}
    assert sandbox.calls(fleet.failing) > asked

    sandbox.reset()
    sandbox.set_clock(NOW)
    fleet.change_key(fleet.failing, daily_quota=50_000)
    assert catching_up.until_nothing_is_missing() == [True], "whoever changes the registry need not wait"
    assert due_in(warehouse, timedelta(hours=6), fleet.failing) == set()


def test_what_is_refused_is_not_asked_for_again_until_the_registry_changes(
    settings: Settings, fleet: Fleet, catching_up: CatchUp, warehouse: Warehouse, sandbox: Sandbox
) -> None:
    sandbox.fault("wrong_token", dealer=fleet.refused)
    fleet.enable(fleet.refused)
    assert catching_up.until_nothing_is_missing() == [False]
    # So many calls may be under way when the third refusal stops the key.
    assert sandbox.calls(fleet.refused) <= 3 + 4
    assert due_in(warehouse, timedelta(days=3), fleet.refused) == set()

    sandbox.reset()
    sandbox.set_clock(NOW)
    fleet.change_key(fleet.refused, daily_quota=60_000)
    assert due_in(warehouse, timedelta(), fleet.refused) == served(settings, fleet, fleet.refused)
    assert catching_up.until_nothing_is_missing() == [True]


@pytest.mark.stories
def test_ten_days_off(
    settings: Settings, fleet: Fleet, catching_up: CatchUp, warehouse: Warehouse, sandbox: Sandbox,
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """What is there ends with the date of eleven days ago; the rest comes, oldest first, and then there is nothing."""
    sandbox.set_clock(datetime.combine(today() - timedelta(days=10), time(0, 30), ZoneInfo("Asia/Jakarta")))
    with holding_catch_up(warehouse.url):
        fleet.enable(*fleet.rest)
        assert catching_up.look() is None
        assert "first pull" in catching_up.said
        # Where it is a day later already, the oldest date cannot be had any more.
        pull_by_hand(settings, EVERYTHING[0], EVERYTHING[19], fleet.rest, [], True)
    sandbox.set_clock(NOW)
    sandbox.forget_calls()
    before = datetime.now(UTC)

    started = dg.DagsterRun("pull", run_id=str(uuid.uuid4()), status=dg.DagsterRunStatus.STARTED)
    own = instance.run_storage.add_run(started)
    assert catching_up.look() is None
    assert own.run_id in catching_up.said, "a run that somebody launched comes first"
    instance.delete_run(own.run_id)
    asked = catching_up.look()
    assert asked
    assert asked.tags["catch_up/oldest"] == EVERYTHING[20].isoformat()
    assert catching_up.until_nothing_is_missing() == [True]

    calls = warehouse.rows(
        "select main_dealer_id, date_from from raw.api_call where called_at > %s order by called_at", before
    )
    assert sandbox.calls() == len(calls)
    orders = {owner: [day for asked_of, day in calls if asked_of == owner] for owner in (BOOK, MIXED)}
    assert max(len(set(order)) for order in orders.values()) > 1, "one window only: the order shows nothing"
    for main_dealer, order in orders.items():
        # As many as may be under way together may overtake each other.
        assert all(first <= later for n, first in enumerate(order) for later in order[n + 8 :]), main_dealer
    twice = "select 1 from raw.api_call where called_at > %s group by dealer_id, module, date_from having count(*) > 1"
    assert not warehouse.rows(twice, before)

    # Those that other tests have not brought yet are new dealers here.
    fleet.enable(*fleet.key_of)
    assert set(catching_up.until_nothing_is_missing()) <= {True}
    # What was deleted since then among the older dates shows when these are read again, which nobody asked for.
    monkeypatch.setattr(staging_truth, "DATES", EVERYTHING[20:])
    compare(warehouse, sandbox, [])
    monkeypatch.setattr(staging_truth, "DATES", EVERYTHING[1:20])
    for endpoint in ENDPOINTS.values():
        there = staging(warehouse, endpoint)
        for place, (documents, _, _) in truth(sandbox, endpoint, []).items():
            assert there[place][0] >= documents, (endpoint.module, *place)
    assert catching_up.look() is None
    assert "nothing was missing" in catching_up.said
