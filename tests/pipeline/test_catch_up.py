"""Whatever was missed comes by itself: oldest first, once, in turns, and never by hammering what refuses."""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import dagster as dg
import pytest
from catching_up import CatchUp
from pipeline_support import BOOK, MIXED, Sandbox, Warehouse, dates_back, today
from test_staging_equals_truth import compare

from dlt_sources.dgi.endpoints import ENDPOINTS
from orchestration.by_hand import pull_by_hand
from orchestration.pull.gaps import Gap, find_gaps
from orchestration.pull.locks import holding_catch_up
from orchestration.registry.models import ApiKey
from orchestration.registry.store import open_registry
from orchestration.settings import Settings

pytestmark = pytest.mark.slow

EVERYTHING = dates_back(31)  # what a main dealer that keeps 30 days gives, the oldest date in part


@pytest.fixture(scope="module")
def newcomers(settings: Settings) -> list[str]:
    """Dealers of one key that are not there yet: disabled until a test wants them."""
    with open_registry(settings) as registry:
        by_key: dict[int | None, list[str]] = {}
        for dealer in registry.dealers():
            if dealer.main_dealer_id == BOOK:
                by_key.setdefault(dealer.api_key_id, []).append(dealer.id)
        chosen = max(by_key.values(), key=len)[:4]
        assert len(chosen) >= 3
        for dealer_id in chosen:
            registry.edit(registry.dealer(dealer_id), is_enabled=False)
    return chosen


@pytest.fixture
def catching_up(settings: Settings, instance: dg.DagsterInstance, newcomers: list[str]) -> Iterator[CatchUp]:
    yield CatchUp(instance)


def enable(settings: Settings, *dealers: str) -> None:
    with open_registry(settings) as registry:
        for dealer_id in dealers:
            registry.edit(registry.dealer(dealer_id), is_enabled=True)


def set_quota(settings: Settings, dealer_id: str, quota: int | None) -> None:
    with open_registry(settings) as registry:
        key = registry.session.get(ApiKey, registry.dealer(dealer_id).api_key_id)
        assert key
        registry.edit(key, daily_quota=quota)


def due_in(warehouse: Warehouse, wait: timedelta, dealer_id: str) -> set[str]:
    """Modules of a dealer that would be asked for when nothing else happened for so long."""
    found: list[Gap] = find_gaps(warehouse.url, datetime.now(UTC) + wait, 1.0, 1.0)
    return {gap.module for gap in found if gap.dealer_id == dealer_id}


def test_ten_days_off(
    settings: Settings, catching_up: CatchUp, warehouse: Warehouse, sandbox: Sandbox, newcomers: list[str],
    instance: dg.DagsterInstance,
) -> None:  # fmt: skip
    """What is there ends with the date of eleven days ago; the rest comes, oldest first, and then there is nothing."""
    off_since = datetime.combine(today() - timedelta(days=10), time(0, 30), ZoneInfo("Asia/Jakarta"))
    sandbox.set_clock(off_since)
    there = [dealer for dealer in (*sandbox.dealers(BOOK), *sandbox.dealers(MIXED)) if dealer not in newcomers]
    with holding_catch_up(warehouse.url):
        assert catching_up.look() is None
        assert "first pull" in catching_up.said
        # Where it is a day later already, the oldest date cannot be had any more.
        pull_by_hand(settings, EVERYTHING[0], EVERYTHING[19], there, [], True)
    sandbox.set_clock(datetime.now(UTC) - timedelta(minutes=1))
    sandbox.forget_calls()
    before = datetime.now(UTC)

    own = instance.run_storage.add_run(
        dg.DagsterRun("pull", run_id=str(uuid.uuid4()), status=dg.DagsterRunStatus.QUEUED)
    )
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
    for main_dealer in (BOOK, MIXED):
        order = [date_from for owner, date_from in calls if owner == main_dealer]
        assert len(set(order)) > 1, "one window only: the order shows nothing"
        # As many as may be under way together may overtake each other.
        assert all(first <= later for n, first in enumerate(order) for later in order[n + 8 :]), main_dealer
    twice = "select 1 from raw.api_call where called_at > %s group by dealer_id, module, date_from having count(*) > 1"
    assert not warehouse.rows(twice, before)
    assert not [dealer for dealer in newcomers if sandbox.calls(dealer)], "a disabled dealer is left alone"
    assert sandbox.calls() == len(calls)
    enable(settings, *newcomers)
    for dealer in newcomers:  # the comparison is of the whole fleet
        assert catching_up.look()
    assert set(catching_up.until_nothing_is_missing()) == {True}
    compare(warehouse, sandbox, [])
    assert catching_up.look() is None
    assert "nothing was missing" in catching_up.said
