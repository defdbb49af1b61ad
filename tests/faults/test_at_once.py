"""The same and different things at the same time, twenty times over: no row is lost and none doubled.

Each pull is what a Dagster run does, in a process of its own that asks for it at the same moment as the others; what
Dagster adds before and after is met in test_kills.py and in tests/pipeline, once and not twenty times.
"""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from loading import Raw
from pipeline_support import Warehouse
from sandbox_orders import BOOK, Sandbox, dates_back
from servers import running_sandbox
from staging_truth import compare
from transforming import build
from truths import Place, assert_core_is_staging, lost_and_doubled

from dlt_sources.dgi.endpoints import ENDPOINTS
from orchestration.registry.fleet import register
from orchestration.registry.migrate import migrate
from orchestration.settings import ROOT, Settings, load_settings

pytestmark = [pytest.mark.slow, pytest.mark.faults, pytest.mark.timeout(1800)]

MODULES = list(ENDPOINTS)
REPETITIONS = 20
Order = dict[str, Any]


@pytest.fixture(scope="module")
def fleet_of_100_url() -> Iterator[str]:
    with running_sandbox("--size", "M", "--days", "30") as url:
        yield url


@pytest.fixture(scope="module")
def sandbox(fleet_of_100_url: str) -> Sandbox:
    """A hundred dealers whose documents do not change meanwhile."""
    one = Sandbox(fleet_of_100_url)
    one.set_clock(datetime.now(UTC))
    return one


@pytest.fixture(scope="module")
def settings(
    new_database: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox
) -> Iterator[Settings]:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("VAR_DIR", str(tmp_path_factory.mktemp("var")))
        environment.setenv("WAREHOUSE_URL", new_database("warehouse"))
        environment.setenv("DGI_ENCRYPTION_KEY", Fernet.generate_key().decode())
        made = load_settings()
        for name, value in made.environment().items():
            environment.setenv(name, value)
        migrate(made)
        register(made, sandbox.fleet)
        yield made


@pytest.fixture
def raw(settings: Settings) -> Raw:
    one = Raw(settings.warehouse().set(drivername="postgresql").render_as_string(hide_password=False))
    one.empty()
    return one


@pytest.fixture(scope="module")
def pull_at_once(settings: Settings) -> Iterator[Callable[[list[Order]], None]]:
    """Makes pulls that all start now; returns when all have arrived."""
    path = os.pathsep.join([str(Path(__file__).parent), str(ROOT)])
    process = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("pull_processes.py"))],
        env={**os.environ, "PYTHONPATH": path}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
    )  # fmt: skip
    assert process.stdin
    assert process.stdout
    assert process.stdout.readline() == "ready\n"

    def pull(orders: list[Order]) -> None:
        print(json.dumps(orders), file=process.stdin, flush=True)
        ended = json.loads(process.stdout.readline())  # type: ignore[union-attr]
        assert set(ended) == {"arrived"}, ended

    yield pull
    process.stdin.close()
    process.wait(60)


def order(modules: list[str], dealers: list[str], first: int, days: int) -> Order:
    """Some days, counted from the first of the last thirty."""
    return {
        "modules": modules,
        "dealers": dealers,
        "dates": [day.isoformat() for day in dates_back(30)[first : first + days]],
    }


def places(orders: list[Order]) -> set[Place]:
    return {
        (module, dealer, date.fromisoformat(day))
        for one in orders
        for module in one["modules"]
        for dealer in one["dealers"]
        for day in one["dates"]
    }


def repeat(
    pull_at_once: Callable[[list[Order]], None], raw: Raw, sandbox: Sandbox, orders: Callable[[int], list[Order]]
) -> None:
    every: list[Order] = []
    for turn in range(REPETITIONS):
        some = orders(turn)
        every += some
        pull_at_once(some)
    lost, doubled = lost_and_doubled(raw, sandbox, places(every))
    print(f"{REPETITIONS} repetitions, {len(every)} pulls: {lost} rows lost, {doubled} doubled")
    assert (lost, doubled) == (0, 0)
    assert raw.uncommitted() == 0


def test_two_runs_of_the_same_partitions(pull_at_once: Any, raw: Raw, sandbox: Sandbox) -> None:
    dealers = sandbox.dealers(BOOK)

    def twice(turn: int) -> list[Order]:
        return [order(MODULES[turn % 5 :: 5], [dealers[turn]], 20, 7)] * 2

    repeat(pull_at_once, raw, sandbox, twice)


def test_forty_runs_of_different_dealers(pull_at_once: Any, raw: Raw, sandbox: Sandbox) -> None:
    dealers = [dealer["id"] for dealer in sandbox.fleet["dealers"]]

    def forty(turn: int) -> list[Order]:
        module, first = MODULES[turn % len(MODULES)], 7 * (turn // len(MODULES))
        return [order([module], [dealer], first, 7) for dealer in dealers[turn : turn + 40]]

    repeat(pull_at_once, raw, sandbox, forty)


def test_a_backfill_over_a_scheduled_run_during_transforms(
    pull_at_once: Any, raw: Raw, sandbox: Sandbox, settings: Settings, tmp_path: Path
) -> None:
    """Three backfilled dealers, of which the schedule asks for the last two days too; dbt runs again and again."""
    dealers = sandbox.dealers(BOOK)
    over, built = threading.Event(), []

    def transform() -> None:
        built.append(build(tmp_path, "staging", "core"))

    def transforms() -> None:
        while not over.is_set():
            transform()

    def backfill_and_schedule(turn: int) -> list[Order]:
        modules, own = MODULES[turn % 5 :: 5], dealers[2 * (turn // 5) : 2 * (turn // 5) + 2]
        return [order(modules, own, 0, 30), order(modules, own, 28, 2)]

    transform()  # two first builds at once would collide; a pool lets one transform at a time
    beside = threading.Thread(target=transforms)
    beside.start()
    try:
        repeat(pull_at_once, raw, sandbox, backfill_and_schedule)
    finally:
        over.set()
        beside.join()
    transform()
    assert set(built) == {0}
    assert len(built) >= 3
    with closing(Warehouse(settings)) as warehouse:
        compare(warehouse, sandbox, [], dealers[:8])
        assert_core_is_staging(warehouse)
