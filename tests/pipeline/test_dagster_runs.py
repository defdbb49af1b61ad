"""Runs of the real webserver and daemon: partitions end by themselves, windows are asked once, failures retried.

That a transform that failed is launched again by itself is shown in tests/faults/test_failed_runs.py.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from dagster import DagsterInstance
from dagster_api import DagsterApi, running_dagster
from pipeline_support import BOOK, Sandbox, Warehouse, dates_back, today
from servers import unused_port

from dlt_sources.dgi.endpoints import ENDPOINTS
from orchestration.pull.asked import partition_key
from orchestration.pull.locks import holding_catch_up
from orchestration.registry.store import open_registry
from orchestration.settings import Settings

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

MODULES = list(ENDPOINTS)


@pytest.fixture(scope="module")
def dagster(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DagsterApi]:
    with open_registry(settings) as registry, DagsterInstance.get() as instance:
        instance.add_dynamic_partitions("dealer", [dealer.id for dealer in registry.dealers()])
    logs: Path = tmp_path_factory.mktemp("logs")
    # These tests count calls: what is missing must not come by itself.
    url = settings.warehouse().set(drivername="postgresql").render_as_string(hide_password=False)
    with holding_catch_up(url), running_dagster(dict(os.environ), unused_port(), logs) as api:
        yield api


def keys(dealers: list[str], days: int) -> list[str]:
    return [partition_key(day, dealer) for day in dates_back(days) for dealer in dealers]


def test_thirty_days_of_a_dealer_in_fifteen_modules_cost_75_calls(dagster: DagsterApi, sandbox: Sandbox) -> None:
    dealer = sandbox.dealers(BOOK)[0]
    backfill = dagster.backfill(MODULES, keys([dealer], 30))
    assert set(dagster.wait_for_backfill(backfill)) == {"SUCCESS"}
    assert sandbox.calls(dealer) == 75
    for module, stats in dagster.partition_stats(MODULES).items():
        assert (stats["numMaterialized"], stats["numFailed"]) == (30, 0), module


def test_dates_side_by_side_share_their_window(dagster: DagsterApi, sandbox: Sandbox, warehouse: Warehouse) -> None:
    """Two dealers by three dates, scattered so that Dagster makes several runs: one call a module and dealer."""
    dealers = sandbox.dealers(BOOK)
    chosen = [dealers[1], dealers[4]]
    backfill = dagster.backfill(["prsp", "pkb"], keys(chosen, 3))
    runs = dagster.wait_for_backfill(backfill)
    assert set(runs) == {"SUCCESS"}
    assert len(runs) > 1, "one run only: the test shows nothing"
    assert sandbox.calls() == 2 * len(chosen)
    windows = warehouse.rows("select dealer_id, module, count(*) from raw.api_call where date_from = %s group by 1, 2",
                             dates_back(3)[0])  # fmt: skip
    assert sorted(windows) == sorted((dealer, module, 1) for dealer in chosen for module in ("prsp", "pkb"))


def test_a_failing_dealer_leaves_the_others_green_and_is_retried_by_one_run(
    dagster: DagsterApi, sandbox: Sandbox, warehouse: Warehouse
) -> None:
    good, bad, scattered = sandbox.dealers(BOOK)[2], sandbox.dealers(BOOK)[4], sandbox.dealers("K4B")[1]
    before = dagster.partition_stats(["spk", "inv2"])
    sandbox.fault("http_500", dealer=bad)
    sandbox.fault("not_found", dealer=scattered, module="inv2")
    backfill = dagster.backfill(["spk", "inv2"], keys([good, bad, scattered], 2))
    assert "FAILURE" in dagster.wait_for_backfill(backfill)
    failed = dagster.partition_stats(["spk", "inv2"])
    assert failed["spk"]["numFailed"] - before["spk"]["numFailed"] == 2
    assert failed["inv2"]["numFailed"] - before["inv2"]["numFailed"] == 4
    assert failed["spk"]["numMaterialized"] - before["spk"]["numMaterialized"] == 4
    assert failed["inv2"]["numMaterialized"] - before["inv2"]["numMaterialized"] == 2

    sandbox.reset()
    runs_before = warehouse.one("select count(distinct run_id) from raw.api_call")
    assert dagster.wait_for_run(dagster.launch("retry_failed")) == "SUCCESS"
    retried = dagster.partition_stats(["spk", "inv2"])
    assert [retried[module]["numFailed"] for module in ("spk", "inv2")] == [0, 0]
    # Two windows of the bad dealer and one of the other: nothing that had arrived was asked for again.
    assert sandbox.calls() == 3
    assert warehouse.one("select count(distinct run_id) from raw.api_call") == runs_before + 1


def test_the_schedules_run_paints_its_failures(dagster: DagsterApi, sandbox: Sandbox) -> None:
    """A run that is launched without partitions marks those that fail, and materializes the rest."""
    bad = sandbox.dealers("K4B")[0]
    sandbox.fault("server_failure", dealer=bad, module="prsl")
    config = {"ops": {"dgi": {"config": {"modules": ["prsl"]}}}}
    assert dagster.wait_for_run(dagster.launch("pull", config)) == "FAILURE"
    stats = dagster.partition_stats(["prsl"])["prsl"]
    assert stats["numFailed"] == 2
    sandbox.reset()
    assert dagster.wait_for_run(dagster.launch("pull", config)) == "SUCCESS"
    assert dagster.partition_stats(["prsl"])["prsl"]["numFailed"] == 0


def test_a_dealer_without_a_key_fails_in_words(dagster: DagsterApi, settings: Settings) -> None:
    """A dealer that was added in Dagster's own dialog is shown as lacking a key."""
    dagster.ask(
        """mutation($p: String!) { addDynamicPartition(
            repositorySelector: {repositoryName: "__repository__", repositoryLocationName: "dealer_dashboard"},
            partitionsDefName: "dealer", partitionKey: $p) { __typename } }""",
        p="55555",
    )
    backfill = dagster.backfill(["prsp"], [partition_key(today(), "55555")])
    assert dagster.wait_for_backfill(backfill) == ["FAILURE"]
    query = """query { assetNodes(assetKeys: [{path: ["raw", "prsp"]}]) {
        assetObservations(partitions: ["%s"], limit: 1) { description } } }"""
    nodes = dagster.ask(query % partition_key(today(), "55555"))["assetNodes"]
    assert "55555" in nodes[0]["assetObservations"][0]["description"]
    with open_registry(settings) as registry:
        known = {dealer.id: dealer for dealer in registry.dealers()}
    # The sensor, which looks every half minute, may have entered it by now; if so, it lacks a key.
    assert "55555" not in known or known["55555"].api_key_id is None


def test_one_job_pulls_and_transforms_a_partition(dagster: DagsterApi, sandbox: Sandbox, warehouse: Warehouse) -> None:
    """The raw assets' partition and, in the same run, the models downstream of them."""
    dealer, day = sandbox.dealers(BOOK)[2], dates_back(6)[0]
    run_id = dagster.launch("pull_and_transform", {}, {"dagster/partition": partition_key(day, dealer)})
    assert dagster.wait_for_run(run_id) == "SUCCESS"
    assert warehouse.one("select count(distinct module) from raw.api_call where run_id = %s", run_id) == len(MODULES)
    steps = dagster.ask(
        "query($id: ID!) { runOrError(runId: $id) { ... on Run { stepStats { stepKey status } } } }", id=run_id
    )["runOrError"]["stepStats"]
    assert {step["stepKey"]: step["status"] for step in steps} == {"dgi": "SUCCESS", "dbt": "SUCCESS"}
