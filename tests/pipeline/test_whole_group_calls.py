"""One request for all dealers of a key, through the whole pipeline: partitions, calls, quotas, failures stay right."""

import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import dagster as dg
import pytest
from catching_up import CatchUp
from pipeline_support import BOOK, MIXED, Sandbox, Warehouse, dates_back
from staging_truth import DATES, compare

from dlt_sources.dgi.endpoints import ENDPOINTS
from orchestration.asking import RetryConfig, ask_for_failed
from orchestration.assets.raw import retry_failed
from orchestration.by_hand import pull_by_hand
from orchestration.definitions import build_definitions
from orchestration.pull.asked import Asked, Pulled
from orchestration.pull.gaps import find_gaps, next_batch
from orchestration.pull.locks import open_locks
from orchestration.pull.pulling import Pull
from orchestration.pull.watcher import Watcher
from orchestration.registry.store import open_registry
from orchestration.settings import Settings

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

NOW = datetime.now(UTC) - timedelta(minutes=1)
# A Sunday and the morning after it have no order: a group that brings nothing costs further requests.
LAST_DAYS = dates_back(7)
# Since a moment: dealers' calls, requests sent, those that several calls share, and those for groups that had nothing.
CALLS = """
    select
        count(*), sum(attempts)::int, count(distinct request_id),
        count(*) filter (where notes like '%%of nobody%%' and attempts = 2)
    from raw.api_call where called_at > %s
"""


def allow(settings: Settings, is_allowed: bool = True) -> None:
    with open_registry(settings) as registry:
        for main_dealer in registry.main_dealers():
            registry.edit(main_dealer, whole_group_calls=is_allowed, attempts=1)


def groups(sandbox: Sandbox, main_dealer: str = "") -> list[list[str]]:
    """The dealers of each key."""
    found: dict[tuple[str, str], list[str]] = {}
    for dealer in sandbox.fleet["dealers"]:
        if main_dealer in ("", dealer["main_dealer"]):
            found.setdefault((dealer["main_dealer"], dealer["key"]), []).append(dealer["id"])
    return list(found.values())


def pull(settings: Settings, dealers: Iterable[str], modules: Iterable[str], days: Iterable[date]) -> Pulled:
    asked = {(module, dealer): frozenset(days) for module in modules for dealer in dealers}
    return Pull(settings, Asked(asked, datetime.now(UTC)), "a run").run()


@pytest.fixture(autouse=True)
def quiet(settings: Settings, sandbox: Sandbox) -> None:
    """Nothing happens at the main dealers while a test runs, and they allow it."""
    sandbox.set_clock(NOW)
    allow(settings)


@pytest.mark.stories
def test_thirty_days_of_all_dealers_equal_the_truth_and_again_adds_nothing(
    settings: Settings, warehouse: Warehouse, sandbox: Sandbox
) -> None:
    sandbox.set_clock(NOW - timedelta(days=3))
    assert pull_by_hand(settings, DATES[0], DATES[-1], [], [], False)
    before = warehouse.raw_counts(ENDPOINTS)
    started = datetime.now(UTC)
    sandbox.forget_calls()
    assert pull_by_hand(settings, DATES[0], DATES[-1], [], [], False)
    assert warehouse.raw_counts(ENDPOINTS) == before
    calls, requests, shared, empty = warehouse.rows(CALLS, started)[0]
    # 15 modules; two keys of three dealers each; 5 windows of 7 days at the one, one of 30 at the other.
    assert calls == 15 * 6 * 5 + 15 * 6 * 1
    assert shared + empty == 15 * 2 * 5 + 15 * 2 * 1
    assert requests == sandbox.calls() == shared + empty * 4 < calls

    # With what has changed and was deleted since then.
    sandbox.set_clock(NOW)
    assert pull_by_hand(settings, DATES[0], DATES[-1], [], [], True)
    compare(warehouse, sandbox, [])
    after = warehouse.raw_counts(ENDPOINTS)
    gone = [warehouse.one(f"select count(*) from raw.{module} where is_deleted") for module in ENDPOINTS]
    assert sum(gone) > 0, "no document was deleted in three days: the test shows nothing"
    allow(settings, False)
    assert pull_by_hand(settings, DATES[0], DATES[-1], [], [], False)
    assert warehouse.raw_counts(ENDPOINTS) == after, "asking dealer by dealer finds nothing new either"
    assert warehouse.one("select count(*) from raw.rejected_record") == 0


@pytest.mark.stories
def test_figures_of_calls_count_a_request_once(warehouse: Warehouse) -> None:
    ((calls, requests, rows),) = warehouse.rows(
        "select count(distinct request_id), sum(attempts), count(*) from marts.fct_call"
    )
    assert requests == warehouse.one("select sum(requests) from marts.agg_key_usage")
    # A group's request that brought nothing is counted with the first call that was made in its place.
    assert calls < requests < rows
    until = "raw.api_call where called_at <= (select max(called_at) from marts.fct_call)"
    marts, raw = (warehouse.one(f"select sum(documents) from {name}") for name in ("marts.fct_call", until))
    assert marts == raw > 0


def test_each_dealers_partition_has_its_own_counts(settings: Settings, warehouse: Warehouse, sandbox: Sandbox) -> None:
    (group, *_) = groups(sandbox, BOOK)
    pulled = pull(settings, group, ["prsp"], LAST_DAYS[:1])
    assert (pulled.calls, pulled.requests) == (len(group), 1)
    counts = {partition.dealer_id: verdict.documents for partition, verdict in pulled.arrived.items()}
    alone = {dealer: pull(settings, [dealer], ["prsp"], LAST_DAYS[:1]) for dealer in group}
    assert counts == {dealer: next(iter(one.arrived.values())).documents for dealer, one in alone.items()}
    assert sum(one.requests for one in alone.values()) == len(group), "who is asked for alone is asked alone"
    assert sum(counts.values()) == pulled.documents > 0


def test_a_failing_request_fails_all_of_its_partitions_and_a_retry_repairs_them(
    settings: Settings, warehouse: Warehouse, sandbox: Sandbox, instance: dg.DagsterInstance
) -> None:
    (group, others) = groups(sandbox, MIXED)
    sandbox.fault("http_500", main_dealer=MIXED, module="spk", whole_group=True)
    assert not pull_by_hand(settings, LAST_DAYS[0], LAST_DAYS[-1], [*group, *others], ["spk", "prsp"], False)
    failed = ask_for_failed(instance, RetryConfig(), NOW)
    wanted = {("spk", dealer): frozenset(LAST_DAYS) for dealer in [*group, *others]}
    assert failed.dates == wanted
    due = find_gaps(warehouse.url, datetime.now(UTC), 1.0, 1.0)
    assert not [gap for gap in due if (gap.module, gap.dealer_id) in wanted], "it has to wait"

    sandbox.reset()
    sandbox.set_clock(NOW)
    job = build_definitions(Watcher()).resolve_job_def(retry_failed.name)
    assert job.execute_in_process(instance=instance, raise_on_error=False).success
    assert ask_for_failed(instance, RetryConfig(), NOW).dates == {}
    assert sandbox.calls() == 2, "one request for each key"


def test_disabled_dealers_are_neither_pulled_in_nor_rejected(
    settings: Settings, warehouse: Warehouse, sandbox: Sandbox
) -> None:
    (group, *_) = groups(sandbox, BOOK)
    *rest, off = group
    rejected = warehouse.one("select count(*) from raw.rejected_record")
    with open_registry(settings) as registry:
        registry.edit(registry.dealer(off), is_enabled=False)
    started = datetime.now(UTC)
    sandbox.set_clock(NOW + timedelta(minutes=1))
    pulled = pull(settings, rest, ["pkb"], LAST_DAYS)
    with open_registry(settings) as registry:
        registry.edit(registry.dealer(off), is_enabled=True)
    assert (pulled.requests, pulled.failed) == (1, {})
    rows = warehouse.rows("select dealer_id, notes from raw.api_call where called_at > %s order by attempts", started)
    assert {dealer for dealer, _ in rows} == set(rest)
    assert "not asked for were left out" in rows[-1][1]
    assert warehouse.one("select count(*) from raw.rejected_record") == rejected
    assert not warehouse.rows("select 1 from raw.pkb where dealer_id = %s and called_at > %s", off, started)


def test_a_dealer_that_another_run_holds_is_waited_for_and_not_loaded(
    settings: Settings, warehouse: Warehouse, sandbox: Sandbox
) -> None:
    (group, *_) = groups(sandbox, BOOK)
    held, *free = group
    # Each workshop is paid something in four days, if not on each.
    sandbox.set_clock(NOW - timedelta(days=4))
    pull(settings, group, ["inv2"], dates_back(7))
    sandbox.set_clock(NOW)
    ended: list[str] = []
    asked = Asked({("inv2", dealer): frozenset(dates_back(7)) for dealer in group}, datetime.now(UTC))
    one = Pull(settings, asked, "a run", lambda number, of, call: ended.append(call.dealer_id))
    before = warehouse.one("select count(*) from raw.inv2 where dealer_id = %s", held)
    with open_locks(warehouse.url) as locks, locks.dealers([held]), ThreadPoolExecutor(1) as pool:
        running = pool.submit(one.run)
        while len(ended) < len(free):
            time.sleep(0.05)
        time.sleep(1)
        assert (set(ended), running.done()) == (set(free), False)
        assert warehouse.one("select count(*) from raw.inv2 where dealer_id = %s", held) == before
        locks._connection.close()  # the locks go with it
        pulled = running.result(60)
    assert (pulled.requests, pulled.failed) == (2, {})
    assert warehouse.one("select count(*) from raw.inv2 where dealer_id = %s", held) > before


def test_two_runs_of_everybody_at_once_double_nothing(
    settings: Settings, warehouse: Warehouse, sandbox: Sandbox
) -> None:
    group = groups(sandbox)[1]
    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(pull, settings, group, ["inv1", "prsl", "pinb"], dates_back(7)) for _ in range(2)]
        assert [one.result(120).failed for one in both] == [{}, {}]
    for module in ("inv1", "prsl", "pinb"):
        doubled = f"""select count(*) from (select 1 from raw.{module} group by dealer_id, document_key, content_hash
            having count(*) > 1 and not bool_or(is_deleted)) as doubled"""
        assert warehouse.one(doubled) == 0, module


def test_a_quota_is_counted_by_requests(settings: Settings, warehouse: Warehouse, sandbox: Sandbox) -> None:
    group = next(
        [d["id"] for d in sandbox.fleet["dealers"] if (d["main_dealer"], d["key"]) == (MIXED, key["name"])]
        for key in sandbox.fleet["keys"]
        if key["main_dealer"] == MIXED
    )
    with open_registry(settings) as registry:
        key = registry.dealer(group[0]).api_key
        assert key
        used = warehouse.one("select coalesce(sum(requests), 0) from registry.key_usage where api_key_id = %s", key.id)
        registry.edit(key, daily_quota=used + 10)
    days = dates_back(20)  # in which the group has documents of every kind
    pulled = pull(settings, group, ENDPOINTS, days)
    assert (sandbox.calls(), pulled.requests) == (10, 10)
    places = len(group) * len(days)
    assert len(pulled.arrived) == 10 * places and len(pulled.failed) == 5 * places
    assert all("quota is used up" in failed.reason for failed in pulled.failed.values())
    with open_registry(settings) as registry:
        registry.edit(registry.key(MIXED, key.name), daily_quota=None)


@pytest.mark.parametrize(
    ("fault", "reason", "rejected"),
    [("dealer_needed", "dealerId Wajib Diisi", False), ("no_dealer_ids", "nobody can tell whose they are", True)],
)
def test_what_a_whole_group_does_not_bring_is_asked_for_dealer_by_dealer(
    settings: Settings, warehouse: Warehouse, sandbox: Sandbox, fault: str, reason: str, rejected: bool
) -> None:
    (group, *_) = groups(sandbox, MIXED)
    module = "mdinvh1" if rejected else "uinb"
    sandbox.fault(fault, main_dealer=MIXED, module=module, whole_group=True)
    started, before = datetime.now(UTC), warehouse.one("select count(*) from raw.rejected_record")
    pulled = pull(settings, group, [module], dates_back(20))
    assert (pulled.failed, pulled.calls, pulled.requests) == ({}, len(group), len(group) + 1)
    assert len(pulled.arrived) == 20 * len(group)
    said = warehouse.rows("select asked_alone, request_id from raw.api_call where called_at > %s", started)
    assert len(said) == len(group) and all(reason in why and request is None for why, request in said)
    assert (warehouse.one("select count(*) from raw.rejected_record") > before) is rejected
    if rejected:
        owners = warehouse.rows("select distinct dealer_id, reason from raw.rejected_record")
        assert owners == [("", "no dealerId, and no dealer was asked for")]
    # It is not tried again for a day, for this key and module.
    assert pull(settings, group, [module], dates_back(20)).requests == len(group)
    assert pull(settings, group, ["lsng"], dates_back(20)).requests == 1
    warehouse.execute(
        "begin; set local session_replication_role = replica; "
        "update raw.api_call set called_at = called_at - interval '25 hours' where asked_alone is not null; commit"
    )
    sandbox.reset()
    sandbox.set_clock(NOW)
    assert pull(settings, group, [module], dates_back(20)).requests == 1


def test_catching_up_counts_a_group_once_and_asks_for_it_at_once(
    settings: Settings, warehouse: Warehouse, sandbox: Sandbox, instance: dg.DagsterInstance
) -> None:
    warehouse.execute("begin; set local session_replication_role = replica; delete from raw.api_call; commit")
    gaps = find_gaps(warehouse.url, datetime.now(UTC), 1.0, 1.0)
    batch = next_batch(gaps, 10)
    assert batch and batch.calls == 10 and len({dealer for _, dealer in batch.dates}) > 3
    assert CatchUp(instance).until_nothing_is_missing() == [True]
    calls, requests, shared, empty = warehouse.rows(CALLS, NOW)[0]
    assert requests == sandbox.calls() == shared + empty * 4 < calls / 2
