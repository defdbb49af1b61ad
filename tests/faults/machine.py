"""A machine of its own with everything that pulls on it: Postgres, Dagster's daemon and webserver, each killable.

The processes are those of `make up`, with its settings but for the pace at which run monitoring looks.
"""

import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psutil
import psycopg2
import pytest
import requests
import yaml
from cryptography.fernet import Fernet
from dagster_api import DagsterApi
from loading import Raw
from servers import unused_port
from sqlalchemy import make_url

from orchestration.settings import ROOT, Settings, load_settings
from stack import postgres
from stack.account import popen_as

_STATUSES = "query { runsOrError { ... on Runs { results { runId rootRunId status } } } }"
_SENSORS = """query { sensorsOrError(repositorySelector: {repositoryName: "__repository__",
    repositoryLocationName: "dealer_dashboard"}) { ... on Sensors { results { name sensorState { id } } } } }"""
_SCHEDULES = """query { schedulesOrError(repositorySelector: {repositoryName: "__repository__",
    repositoryLocationName: "dealer_dashboard"}) { ... on Schedules { results { name scheduleState { id } } } } }"""
_ENDED = {"SUCCESS", "FAILURE", "CANCELED"}


def wait_until(condition: Callable[[], Any], what: str, seconds: float = 300, every: float = 0.2) -> Any:
    """What the condition gives as soon as it gives something; errors of a server that is away do not count."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if result := condition():
                return result
        except (psycopg2.Error, requests.RequestException):
            pass
        time.sleep(every)
    raise TimeoutError(f"after {seconds:.0f} s still not: {what}")


class Machine:
    """The processes, and what is asked of them."""

    def __init__(self, folder: Path, environment: pytest.MonkeyPatch) -> None:
        self._folder = folder
        self._log = (folder / "processes.log").open("ab")
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._dagster_port = unused_port()
        self.temporary = folder / "tmp"
        self.temporary.mkdir()
        self._server, _ = postgres.place(folder / "postgres", unused_port())
        postgres.initialise(self._server, "of-a-throwaway-server")
        self.superuser_url = postgres.superuser_url(self._server.port, "of-a-throwaway-server")
        self.api = DagsterApi(f"http://127.0.0.1:{self._dagster_port}")
        self.start("postgres")
        self.settings = self._prepared(environment)
        self.raw = Raw(make_url(self.superuser_url).set(database="warehouse").render_as_string(hide_password=False))
        self.dagster = Raw(make_url(self.superuser_url).set(database="dagster").render_as_string(hide_password=False))

    def _prepared(self, environment: pytest.MonkeyPatch) -> Settings:
        """Two databases, the migrated warehouse, and Dagster's home."""
        with closing(psycopg2.connect(self.superuser_url)) as connection:
            connection.autocommit = True
            for name in ("warehouse", "dagster"):
                connection.cursor().execute(f"create database {name}")
        home = self._folder / "var" / "dagster_home"
        home.mkdir(parents=True)
        dagster = yaml.safe_load((ROOT / "orchestration" / "dagster.yaml").read_text())
        dagster["run_monitoring"] |= {"poll_interval_seconds": 2, "free_slots_after_run_end_seconds": 1}
        dagster["code_servers"] = {"local_startup_timeout": 600}  # a busy machine loads slowly
        (home / "dagster.yaml").write_text(yaml.safe_dump(dagster))
        url = make_url(self.superuser_url)
        environment.setenv("VAR_DIR", str(self._folder / "var"))
        environment.setenv("TMPDIR", str(self.temporary))
        for name in ("warehouse", "dagster_database"):
            database = url.set(database=name.removesuffix("_database")).render_as_string(hide_password=False)
            environment.setenv(f"{name.upper()}_URL", database)
        environment.setenv("DGI_ENCRYPTION_KEY", Fernet.generate_key().decode())
        made = load_settings()
        for name, value in made.environment().items():
            environment.setenv(name, value)
        return made

    def start(self, *names: str) -> None:
        """Start programs, as the supervisor does when they have ended. Returns when Postgres and webserver answer."""
        scripts, workspace = Path(sys.executable).parent, str(ROOT / "workspace.yaml")
        web = ["-h", "127.0.0.1", "-p", str(self._dagster_port), "-w", workspace]
        for name in names:
            if name == "postgres":
                self._start_postgres()
                continue
            command = {
                "webserver": [str(scripts / "dagster-webserver"), *web],
                "daemon": [str(scripts / "dagster-daemon"), "run", "-w", workspace],
            }[name]
            self._processes[name] = subprocess.Popen(command, cwd=ROOT, stdout=self._log, stderr=self._log)
        if "webserver" in names:
            wait_until(lambda: requests.get(f"http://127.0.0.1:{self._dagster_port}/server_info", timeout=5).ok,
                       "the webserver answers", 600)  # fmt: skip

    def _start_postgres(self) -> None:
        command, account = self._server.command(), popen_as(self._server.account)

        def answers() -> bool:
            process = self._processes.get("postgres")
            # It refuses to start while a child of the one that was killed still holds the shared memory.
            if process is None or process.poll() is not None:
                process = subprocess.Popen(command, cwd="/", stdout=self._log, stderr=self._log, **account)
                self._processes["postgres"] = process
                time.sleep(0.3)
            return postgres.answers(self.superuser_url)

        wait_until(answers, "Postgres answers")

    def kill(self, *names: str) -> None:
        """kill -9, as the kernel does when memory is short. What they started lives on."""
        for name in names:
            self._processes[name].kill()
        for name in names:
            self._processes[name].wait()

    def kill_everything(self) -> None:
        """kill -9 of every process at once, with all that they started."""
        family = [psutil.Process(process.pid) for process in self._processes.values()]
        family += [child for one in family for child in one.children(recursive=True)]
        for one in family:
            one.kill()
        psutil.wait_procs(family, 30)
        for process in self._processes.values():
            process.wait()

    def run_pid(self, run_id: str) -> int:
        """The process of a run, when its steps have begun."""
        query = f"select event from event_logs where run_id = '{run_id}' and event like '%in process (pid: %'"
        event = wait_until(lambda: self.dagster.query(query), "the run has a process")[-1][0]
        return int(re.search(r"in process \(pid: (\d+)\)", event).group(1))  # type: ignore[union-attr]

    def stop_what_runs_by_itself(self) -> None:
        """Stop sensors and schedules: the tests launch what they look at."""
        wait_until(lambda: "results" in self.api.ask(_SENSORS)["sensorsOrError"], "the code location is loaded", 600)
        for one in self.api.ask(_SENSORS)["sensorsOrError"]["results"]:
            self.api.ask("mutation($id: String!) { stopSensor(id: $id) { __typename } }", id=one["sensorState"]["id"])
        for one in self.api.ask(_SCHEDULES)["schedulesOrError"]["results"]:
            state = one["scheduleState"]["id"]
            self.api.ask("mutation($id: String!) { stopRunningSchedule(id: $id) { __typename } }", id=state)

    def end_of(self, run_id: str) -> list[str]:
        """The statuses of the run and of those launched in its place, in order, when the last has succeeded."""

        def group() -> list[str]:
            runs = self.api.ask(_STATUSES)["runsOrError"]["results"]
            return [run["status"] for run in reversed(runs) if run_id in (run["runId"], run["rootRunId"])]

        wait_until(lambda: group()[-1] == "SUCCESS", f"run {run_id} or one in its place has succeeded", 600)
        return group()

    def left_over(self) -> dict[str, Any]:
        """Runs that have not ended, places in pools and locks that are still taken. All must be empty."""
        runs = self.api.ask(_STATUSES)["runsOrError"]["results"]
        return {
            "runs": [run for run in runs if run["status"] not in _ENDED],
            "slots": self.dagster.query("select * from concurrency_slots where run_id is not null"),
            "waiting": self.dagster.query("select * from pending_steps"),
            "locks": self.dagster.query("select database, classid, objid from pg_locks where locktype = 'advisory'"),
        }

    def wait_for_nothing_left_over(self) -> None:
        """Everything is free again within some seconds."""
        wait_until(lambda: not any(self.left_over().values()), "everything is free again", 120, every=0.5)

    def close(self) -> None:
        """End what runs, the pleasant way first."""
        for name in ("webserver", "daemon", "postgres"):
            process = self._processes.get(name)
            if process and process.poll() is None:
                process.send_signal(signal.SIGINT if name == "postgres" else signal.SIGTERM)
        for process in self._processes.values():
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._log.close()
        subprocess.run(["rm", "-rf", str(self._server.data.parent)], check=True)
        if (self._folder / "postgres").is_symlink():
            (self._folder / "postgres").unlink()


@contextmanager
def machine_in(folder: Path, environment: Any) -> Iterator[Machine]:
    """A machine with a running Postgres; Dagster is not started yet."""
    one = Machine(folder, environment)
    try:
        yield one
    finally:
        one.close()
