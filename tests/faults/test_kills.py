"""kill -9 of each process in each phase: left to itself, the system ends with the sandbox's truth, nothing twice.

What a case leaves must also be free of traces: no run that stays started, no slot, no lock.
"""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import psutil
import psycopg2
import pytest
from loading import assert_all_there_once
from machine import Machine, wait_until
from pipeline_support import Warehouse
from sandbox_orders import BOOK, MIXED, Sandbox, dates_back
from staging_truth import compare
from truths import assert_core_is_staging

from dlt_sources.dgi.endpoints import ENDPOINTS
from dlt_sources.dgi.working_folder import PREFIX

pytestmark = [pytest.mark.slow, pytest.mark.faults, pytest.mark.timeout(600)]

MODULES = list(ENDPOINTS)
DATES = dates_back(30)


class Story:
    """One pull of a dealer of each main dealer, to which something happens."""

    def __init__(self, machine: Machine, sandbox: Sandbox) -> None:
        self.machine, self.sandbox = machine, sandbox
        self.dealers = [sandbox.dealers(BOOK)[0], sandbox.dealers(MIXED)[0]]
        machine.raw.empty()

    def pull(self) -> str:
        """Launch it. Returns the run's id."""
        first, last = DATES[0].isoformat(), DATES[-1].isoformat()
        config = {"first": first, "last": last, "dealers": self.dealers}
        return self.machine.api.launch("pull", {"ops": {"dgi": {"config": config}}})

    def kill_run(self, run_id: str) -> None:
        psutil.Process(self.machine.run_pid(run_id)).kill()

    def ends_well(self, run_id: str, *statuses: str) -> None:
        """The run, or one that took its place by itself, brings everything once and leaves nothing taken."""
        ended = self.machine.end_of(run_id)
        assert not statuses or tuple(ended) == statuses
        assert_all_there_once(self.machine.raw, self.sandbox, self.dealers, MODULES)
        self.machine.wait_for_nothing_left_over()
        assert set(self.machine.end_of(run_id)) <= {"SUCCESS", "FAILURE"}

    @contextmanager
    def transform(self) -> Iterator[str]:
        """Pull and launch a transform; in the block it cannot write core's SPKs. Yields its run's id when it tries."""
        if self.machine.raw.query("select to_regclass('core.spk')") == [(None,)]:
            self.machine.end_of(self.machine.api.launch("transform"))
        self.machine.end_of(self.pull())
        with self.machine.raw.held("spk", writer_is_killed=False, schema="core", seconds=180) as wait_for_writer:
            run_id = self.machine.api.launch("transform")
            wait_for_writer()
            yield run_id

    def transforms_well(self, run_id: str, *statuses: str) -> None:
        """Staging holds what the main dealers have, by value, and core every document of it, once."""
        ended = self.machine.end_of(run_id)
        assert not statuses or tuple(ended) == statuses
        self.machine.wait_for_nothing_left_over()
        with closing(Warehouse(self.machine.settings)) as warehouse:
            compare(warehouse, self.sandbox, [], self.dealers)
            assert_core_is_staging(warehouse)


@pytest.fixture
def story(machine: Machine, sandbox: Sandbox) -> Iterator[Story]:
    yield Story(machine, sandbox)


def in_load(story: Story, act: Callable[[str], None], table: str = "prsl", writer_is_killed: bool = False) -> str:
    """Launch a pull, and act on its run while it writes to the table. Returns the run's id."""
    with story.machine.raw.held(table, writer_is_killed) as wait_for_writer:
        run_id = story.pull()
        wait_for_writer()
        act(run_id)
    return run_id


def test_a_run_killed_while_it_fetches(story: Story) -> None:
    run_id = story.pull()
    pid = story.machine.run_pid(run_id)
    story.machine.wait(lambda: story.sandbox.calls() > 5, "it fetches", every=0.02)
    os.kill(pid, signal.SIGKILL)
    assert story.machine.raw.versions() == []
    story.ends_well(run_id, "FAILURE", "SUCCESS")


def test_a_run_killed_while_it_normalises(story: Story) -> None:
    """The package is extracted and not yet ready to load: seen in its folder, which the killed run leaves."""
    for _ in range(5):
        before = set(story.machine.temporary.glob(f"{PREFIX}*"))
        run_id = story.pull()
        pid = story.machine.run_pid(run_id)
        state = _stopped_while_normalising(story.machine.temporary, before, pid)
        os.kill(pid, signal.SIGKILL)
        if state:
            break
        story.machine.end_of(run_id)
        story.machine.raw.empty()
    else:
        pytest.fail("the run was never met while it normalised")
    assert story.machine.raw.versions() == []
    story.ends_well(run_id, "FAILURE", "SUCCESS")


def _stopped_while_normalising(temporary: Path, before: set[Path], pid: int) -> bool:
    """Stop the process as soon as a package is being normalised. Whether it still was when it had stopped."""
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        for folder in set(temporary.glob(f"{PREFIX}*")) - before:
            if _entries(folder / "dgi" / "load" / "new"):
                os.kill(pid, signal.SIGSTOP)
                wait_until(lambda: psutil.Process(pid).status() == psutil.STATUS_STOPPED, "it has stopped", every=0.001)
                return bool(_entries(folder / "dgi" / "load" / "new"))
        time.sleep(0.0005)
    return False


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []


@pytest.mark.parametrize("table", ["prsl", "_dlt_loads"], ids=["in the load", "between load and commit"])
def test_a_run_killed_while_it_writes(story: Story, table: str) -> None:
    run_id = in_load(story, story.kill_run, table, writer_is_killed=True)
    assert story.machine.raw.versions() == []
    story.ends_well(run_id, "FAILURE", "SUCCESS")


def test_a_run_killed_after_its_commit_before_dagster_knows(story: Story) -> None:
    """Raw has everything, no partition is marked yet: the run in its place asks for nothing twice."""
    with closing(psycopg2.connect(story.machine.dagster.url)) as holder:
        with story.machine.raw.held("_dlt_loads", writer_is_killed=False) as wait_for_writer:
            run_id = story.pull()
            pid = story.machine.run_pid(run_id)
            wait_for_writer()
            asked = story.sandbox.calls()
            holder.cursor().execute("lock table event_logs in exclusive mode")
        story.machine.wait(lambda: story.machine.raw.versions(), "the load is committed", every=0.02)
        os.kill(pid, signal.SIGKILL)
        holder.rollback()
    story.ends_well(run_id, "FAILURE", "SUCCESS")
    assert story.sandbox.calls() == asked
    stats = story.machine.api.partition_stats(["prsp"])["prsp"]
    assert (stats["numMaterialized"], stats["numFailed"]) == (len(DATES) * len(story.dealers), 0)


def test_the_daemon_killed_in_a_load(story: Story) -> None:
    def act(run_id: str) -> None:
        story.machine.kill("daemon")
        story.machine.start("daemon")

    story.ends_well(in_load(story, act), "SUCCESS")


def test_the_webserver_killed_in_a_load(story: Story) -> None:
    def act(run_id: str) -> None:
        story.machine.kill("webserver")
        story.machine.start("webserver")

    story.ends_well(in_load(story, act), "SUCCESS")


def test_postgres_killed_in_a_load(story: Story) -> None:
    """The lock that holds the load goes with the server."""
    with suppress(psycopg2.Error), story.machine.raw.held("prsl") as wait_for_writer:
        run_id = story.pull()
        wait_for_writer()
        story.machine.kill("postgres")
    story.machine.start("postgres")
    story.ends_well(run_id)


def test_everything_killed_at_once_and_started_again(story: Story) -> None:
    with suppress(psycopg2.Error), story.machine.raw.held("prsl") as wait_for_writer:
        run_id = story.pull()
        wait_for_writer()
        story.machine.kill_everything()
    story.machine.start("postgres", "webserver", "daemon")
    story.ends_well(run_id, "FAILURE", "SUCCESS")


def test_a_run_killed_while_it_transforms(story: Story) -> None:
    """Its dbt ends with it, so that the dbt of the run in its place is alone."""
    with story.transform() as run_id:
        run = psutil.Process(story.machine.run_pid(run_id))
        started = run.children(recursive=True)
        assert any("dbt" in " ".join(one.cmdline()) for one in started), started
        run.kill()
        _, alive = psutil.wait_procs(started, 60)
        assert alive == []
    story.transforms_well(run_id, "FAILURE", "SUCCESS")


def test_postgres_killed_in_a_transform(story: Story) -> None:
    with suppress(psycopg2.Error), story.transform() as run_id:
        story.machine.kill("postgres")
    story.machine.start("postgres")
    story.transforms_well(run_id)
