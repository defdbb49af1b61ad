"""What a run costs before it does anything may not grow with assets times dates times dealers."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor

import dagster as dg
import pytest

from orchestration.partitions import DATE_BY_DEALER, DEALERS
from orchestration.run_launcher import watched_executor

pytestmark = pytest.mark.slow

ABOVE = [dg.AssetKey(["above", name]) for name in ("bast", "pkb", "prsp")]
KEYS = ["2026-01-01|00001", "2026-01-02|00002"]


@dg.asset(deps=ABOVE)
def below() -> None:
    """As models of dbt are: without partitions, and of all that have been pulled."""


def transform() -> dg.JobDefinition:
    above = [dg.AssetSpec(key, partitions_def=DATE_BY_DEALER) for key in ABOVE]
    job = dg.define_asset_job("of_below", selection=[below])
    return dg.Definitions(assets=[*above, below], jobs=[job], executor=watched_executor).resolve_job_def("of_below")


def run_and_count() -> tuple[bool, int, int]:
    """Whether a run of it went well, how often all partitions were asked for in it, and how often they were listed."""
    listed = dg.MultiPartitionsDefinition._get_partition_keys
    before = listed.cache_info()
    with dg.DagsterInstance.get() as instance:
        ran = dg.execute_job(dg.reconstructable(transform), instance).success
    after = listed.cache_info()
    return ran, after.hits + after.misses - before.hits - before.misses, after.misses - before.misses


def test_the_partitions_above_a_step_are_listed_once(instance: dg.DagsterInstance) -> None:
    instance.add_dynamic_partitions(DEALERS.name or "", ["00001", "00002"])
    for key in ABOVE:
        for partition in KEYS:
            instance.report_runless_asset_event(dg.AssetMaterialization(key, partition=partition))
    # A run's process gives way to others as long as it lasts: this one may not.
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
        ran, asked, listed = process.submit(run_and_count).result()
    assert ran
    assert asked >= len(ABOVE), "Dagster no longer lists them: what is done about it can go"
    assert listed == 1
