"""A machine that is killed in parts, and a sandbox that answers it."""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "dlt_sources"))
sys.path.insert(0, str(Path(__file__).parents[1] / "pipeline"))
sys.path.insert(0, str(Path(__file__).parents[1] / "dbt"))
from machine import Machine, machine_in
from parsed_dbt import give
from sandbox_orders import Sandbox
from servers import running_sandbox

from orchestration.registry.fleet import register
from orchestration.registry.migrate import migrate


@pytest.fixture(scope="package")
def faults_sandbox_url() -> Iterator[str]:
    """A sandbox that takes a little time for each answer, so that a pull can be met in its middle."""
    with running_sandbox("--size", "S", "--days", "30", "--latency", "0.03") as url:
        yield url


@pytest.fixture
def sandbox(faults_sandbox_url: str) -> Iterator[Sandbox]:
    one = Sandbox(faults_sandbox_url)
    one.reset()
    one.set_clock(datetime.now(UTC))
    yield one
    one.reset()


@pytest.fixture(scope="package")
def machine(tmp_path_factory: pytest.TempPathFactory, dbt_target: Path, faults_sandbox_url: str) -> Iterator[Machine]:
    """The machine with its fleet registered and Dagster running."""
    with (
        pytest.MonkeyPatch.context() as environment,
        machine_in(tmp_path_factory.mktemp("machine"), environment) as one,
    ):
        migrate(one.settings)
        give(dbt_target, one.settings.var, str(one.settings.warehouse_url))
        register(one.settings, Sandbox(faults_sandbox_url).fleet)
        one.start("webserver")
        one.stop_what_runs_by_itself()
        one.start("daemon")
        one.wait(lambda: one.dagster.query("select from dynamic_partitions"), "the dealers have their partitions")
        one.wait_for_retries()
        yield one
