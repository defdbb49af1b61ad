"""Quota, slots and locks hold over several runs at once; what they leave out is said in words."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from pipeline_support import Warehouse, dates_back
from sandbox_orders import BOOK, MIXED, Sandbox
from servers import running_sandbox

from dlt_sources.dgi.endpoints import ENDPOINTS
from dlt_sources.dgi.shares import CallEnded
from orchestration.by_hand import pull_by_hand
from orchestration.pull.asked import Asked
from orchestration.pull.pulling import Pull
from orchestration.registry.fleet import register
from orchestration.registry.store import open_registry
from orchestration.settings import ROOT, Settings

pytestmark = pytest.mark.slow

LAST_WEEK = dates_back(7)


@pytest.fixture(scope="session")
def slow_sandbox_url() -> Iterator[str]:
    """A sandbox that takes its time, so that requests of several runs are under way together."""
    with running_sandbox("--size", "S", "--days", "30", "--latency", "0.05") as url:
        yield url


@pytest.fixture
def slow_sandbox(slow_sandbox_url: str, settings: Settings) -> Iterator[Sandbox]:
    one = Sandbox(slow_sandbox_url)
    one.reset()
    register(settings, one.fleet)
    yield one
    one.reset()


def pull_in_processes(*dealers: str, first: date, last: date) -> list[int]:
    """`dealers pull` for each dealer, all at the same time. Returns their exit codes."""
    command = [sys.executable, "-m", "orchestration.cli", "pull", "--no-transform"]
    command += ["--from", first.isoformat(), "--to", last.isoformat()]
    started = [
        subprocess.Popen([*command, "--dealer", dealer], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        for dealer in dealers
    ]
    for process in started:
        said, _ = process.communicate(timeout=240)
        if process.returncode:
            print(said.decode())
    return [process.returncode for process in started]


def test_requests_at_a_main_dealer_are_bounded_over_all_runs(
    settings: Settings, slow_sandbox: Sandbox, warehouse: Warehouse
) -> None:
    with open_registry(settings) as registry:
        registry.edit(registry.main_dealer(BOOK), concurrency=2)
    dealers = slow_sandbox.dealers(BOOK)[:3]
    assert pull_in_processes(*dealers, first=LAST_WEEK[0], last=LAST_WEEK[-1]) == [0, 0, 0]
    assert slow_sandbox.max_concurrent(BOOK) == 2
    assert warehouse.one("select count(distinct dealer_id) from raw.pkb") == 3


def test_two_runs_of_the_same_partitions_at_once_double_nothing(
    settings: Settings, slow_sandbox: Sandbox, warehouse: Warehouse
) -> None:
    dealer = slow_sandbox.dealers(MIXED)[0]
    assert pull_in_processes(dealer, dealer, first=LAST_WEEK[0], last=LAST_WEEK[-1]) == [0, 0]
    # The second finds what the first fetched, or asks again and finds nothing new.
    assert slow_sandbox.calls(dealer) in range(len(ENDPOINTS), 2 * len(ENDPOINTS) + 1)
    for module in ENDPOINTS:
        doubled = warehouse.one(
            f"select count(*) from (select 1 from raw.{module} where dealer_id = %s "
            "group by document_key, content_hash having count(*) > 1) as doubled",
            dealer,
        )
        assert doubled == 0, module
    assert warehouse.one("select count(*) from raw.pkb where dealer_id = %s", dealer) > 0


def test_a_used_up_quota_stops_the_key_without_a_request(
    settings: Settings, slow_sandbox: Sandbox, warehouse: Warehouse
) -> None:
    dealer = next(d for d in slow_sandbox.fleet["dealers"] if d["main_dealer"] == MIXED and d["key"] == "Celebes Motor")
    with open_registry(settings) as registry:
        key = registry.key(MIXED, dealer["key"])
        used = warehouse.rows("select requests from registry.key_usage where api_key_id = %s", key.id)
        registry.edit(key, daily_quota=(used[0][0] if used else 0) + 10)
    assert not pull_by_hand(settings, LAST_WEEK[0], LAST_WEEK[-1], [dealer["id"]], [], False)
    assert slow_sandbox.calls(dealer["id"]) == 10
    reasons = warehouse.rows(
        "select outcome, reason, count(*) from raw.api_call where dealer_id = %s group by 1, 2 order by 1", dealer["id"]
    )
    assert [(outcome, count) for outcome, _, count in reasons if outcome == "failed"] == [("failed", 5)]
    assert "quota" in reasons[0][1]

    with open_registry(settings) as registry:
        registry.edit(registry.key(MIXED, dealer["key"]), daily_quota=None)
    assert pull_by_hand(settings, LAST_WEEK[0], LAST_WEEK[-1], [dealer["id"]], [], False)


def test_dates_that_nobody_keeps_any_more_fail_without_a_request(settings: Settings, slow_sandbox: Sandbox) -> None:
    dealer = slow_sandbox.dealers(BOOK)[0]
    gone = dates_back(40)[0]
    assert not pull_by_hand(settings, gone, gone, [dealer], ["prsp"], False)
    assert slow_sandbox.calls(dealer) == 0


@pytest.mark.parametrize("change", ["dealer", "quota"])
def test_a_run_under_way_heeds_a_change_of_the_registry_at_its_next_call(
    settings: Settings, slow_sandbox: Sandbox, change: str
) -> None:
    dealer = slow_sandbox.dealers(BOOK)[4]

    def edit(is_over: bool) -> None:
        with open_registry(settings) as registry:
            entry = registry.dealer(dealer)
            if change == "dealer":
                registry.edit(entry, is_enabled=is_over)
            elif entry.api_key:
                registry.edit(entry.api_key, daily_quota=None if is_over else 1)

    def progress(ended: int, planned: int, call: CallEnded) -> None:
        if ended == 5:
            edit(is_over=False)

    dates = {(module, dealer): frozenset(dates_back(30)) for module in ENDPOINTS}
    pulled = Pull(settings, Asked(dates, datetime.now(UTC)), None, progress).run()
    edit(is_over=True)
    # So many answers may wait to be loaded, and so many calls be under way.
    assert 5 <= slow_sandbox.calls(dealer) <= 5 + 8 + 4
    assert pulled.calls == 75
    reasons = {failed.reason for failed in pulled.failed.values()}
    expected = f"dealer {dealer} has been disabled" if change == "dealer" else "quota is used up"
    # A key of which so many calls in a row had the same fate is not asked any more, for the same reason.
    assert reasons and all(expected in reason for reason in reasons)


def test_a_quota_holds_and_every_call_is_heard_of_over_the_processes_of_a_run(
    settings: Settings, slow_sandbox: Sandbox, warehouse: Warehouse
) -> None:
    dealers = [*slow_sandbox.dealers(BOOK)[:4], *slow_sandbox.dealers(MIXED)[:4]]
    slow_sandbox.forget_calls()
    dates = {(module, dealer): frozenset(dates_back(30)) for module in ENDPOINTS for dealer in dealers}
    ended: list[tuple[int, int]] = []
    counted = "select coalesce(sum(requests), 0) from registry.key_usage join registry.api_key on id = api_key_id"
    with open_registry(settings) as registry:
        keys = {key.id for dealer in dealers if (key := registry.dealer(dealer).api_key)}
        for key in registry.api_keys():
            if key.id in keys:
                registry.edit(key, daily_quota=100_000)
    before = warehouse.one(counted)
    two = settings.model_copy(update={"pull_processes": 2})
    pulled = Pull(two, Asked(dates, datetime.now(UTC)), None, lambda number, of, call: ended.append((number, of))).run()
    assert pulled.failed == {}
    assert pulled.requests == slow_sandbox.calls() == warehouse.one(counted) - before
    assert ended == [(number, pulled.calls) for number in range(1, pulled.calls + 1)]
    assert warehouse.one("select count(distinct pid) from pg_stat_activity where application_name = 'dgi quota'") == 0
