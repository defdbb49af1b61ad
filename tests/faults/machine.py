"""A machine of its own with everything that pulls on it: Postgres, Dagster's daemon and webserver, each killable.

The processes are those of `make up`, with its settings but for the pace at which run monitoring looks.
"""

import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import psycopg2
import pytest
import requests
import yaml
from cryptography.fernet import Fernet
from dagster_api import PARTITIONS, WORKSPACE, ApiError, DagsterApi
from loading import Raw
from servers import unused_port
from sqlalchemy import make_url

from orchestration.settings import ROOT, Settings, load_settings
from stack import leftovers, postgres
from stack.account import popen_as
from stack.programs import MARK

# Each run with the one that it takes the place of, if any, in the order in which they were launched.
_RUNS = """
    select r.run_id, coalesce(t.value, r.run_id), r.status, r.pipeline_name
    from runs as r left join run_tags as t on t.run_id = r.run_id and t.key = 'dagster/root_run_id'
    order by r.id
"""
_LAST_EVENTS = """
    select to_char(timestamp, 'HH24:MI:SS'), dagster_event_type,
        left(coalesce(event::json #>> '{dagster_event,message}', event::json ->> 'user_message'), 200)
    from event_logs where run_id = '%s' order by id desc limit 5
"""
_ENDED = {"SUCCESS", "FAILURE", "CANCELED"}


def wait_until(
    condition: Callable[[], Any],
    what: str,
    seconds: float = 120,
    every: float = 0.2,
    account: Callable[[], str] = lambda: "",
) -> Any:
    """What the condition gives as soon as it gives something; errors of a server that is away do not count.

    Raises TimeoutError, which says what was waited for, the last such error, and what the account gives.
    """
    deadline, last = time.monotonic() + seconds, ""
    while time.monotonic() < deadline:
        try:
            last = ""
            if result := condition():
                return result
        except (psycopg2.Error, requests.RequestException, ApiError) as away:
            last = f" ({away})"
        time.sleep(every)
    raise TimeoutError(f"after {seconds:.0f} s still not: {what}{last}\n{account()}")


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
        dagster["run_monitoring"] |= {"poll_interval_seconds": 1, "free_slots_after_run_end_seconds": 1}
        dagster["run_coordinator"]["config"] = {"dequeue_interval_seconds": 1}
        environment.setenv("DAGSTER_EVENT_LOG_CONSUMER_DAEMON_INTERVAL_SECONDS", "1")  # how often it looks for retries
        (home / "dagster.yaml").write_text(yaml.safe_dump(dagster))
        url = make_url(self.superuser_url)
        environment.setenv("VAR_DIR", str(self._folder / "var"))
        environment.setenv(MARK, str(self._folder / "var"))
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
        scripts = Path(sys.executable).parent
        web = ["-h", "127.0.0.1", "-p", str(self._dagster_port), "-w", WORKSPACE]
        for name in names:
            if name == "postgres":
                self._start_postgres()
                continue
            command = {
                "webserver": [str(scripts / "dagster-webserver"), *web],
                "daemon": [str(scripts / "dagster-daemon"), "run", "-w", WORKSPACE],
            }[name]
            self._processes[name] = subprocess.Popen(command, cwd=ROOT, stdout=self._log, stderr=self._log)
        if "webserver" in names:
            wait_until(lambda: requests.get(f"http://127.0.0.1:{self._dagster_port}/server_info", timeout=5).ok,
                       "the webserver answers", 240)  # fmt: skip

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
        family = leftovers.processes(self._folder / "var")
        family += [psutil.Process(process.pid) for process in self._processes.values()]
        for one in family:
            with suppress(psutil.NoSuchProcess):  # it went with another
                one.kill()
        psutil.wait_procs(family, 30)
        for process in self._processes.values():
            process.wait()

    def run_pid(self, run_id: str) -> int:
        """The process of a run, when its steps have begun."""
        query = f"select event from event_logs where run_id = '{run_id}' and event like '%in process (pid: %'"
        event = self.wait(lambda: self.dagster.query(query), "the run has a process")[-1][0]
        return int(re.search(r"in process \(pid: (\d+)\)", event).group(1))  # type: ignore[union-attr]

    def stop_what_runs_by_itself(self) -> None:
        """Stop schedules, and sensors that launch runs: the tests launch what they look at."""
        wait_until(self.api.is_loaded, "the code location is loaded", 240)
        self.api.stop_what_runs_by_itself(*PARTITIONS)

    def wait_for_retries(self) -> None:
        """The daemon takes notice of runs that fail from its first look on; what failed before it is never retried."""
        look = "select from kvs where key like 'EVENT_LOG_CONSUMER_CURSOR%'"
        self.wait(lambda: self.dagster.query(look), "the daemon looks for runs to retry")

    def wait(self, condition: Callable[[], Any], what: str, seconds: float = 120, every: float = 0.2) -> Any:
        """`wait_until`; when it does not come about, all runs are told of."""
        return wait_until(condition, what, seconds, every, self._account)

    def _account(self) -> str:
        """Every run's status and last events, newest first."""
        try:
            runs = self.dagster.query(_RUNS)
            told = [f"{job} {run_id}, first {root}: {status}" for run_id, root, status, job in runs]
            events = [self.dagster.query(_LAST_EVENTS % run[0]) for run in runs]
        except psycopg2.Error as away:
            return f"Postgres does not answer: {away}"
        lines = [
            [run, *("    " + " ".join(map(str, one)) for one in last)] for run, last in zip(told, events, strict=True)
        ]
        return "\n".join(line for run in reversed(lines) for line in run) or "no run was launched"

    def statuses(self, run_id: str) -> list[str]:
        """The statuses of the run and of those launched in its place, in order."""
        return [status for one, root, status, _ in self.dagster.query(_RUNS) if run_id in (one, root)]

    def end_of(self, run_id: str) -> list[str]:
        """The statuses of the run and of those launched in its place, in order, when the last has succeeded."""
        what = f"run {run_id} or one in its place has succeeded"
        self.wait(lambda: self.statuses(run_id)[-1:] == ["SUCCESS"], what, 300)
        return self.statuses(run_id)

    def left_over(self) -> dict[str, Any]:
        """Runs that have not ended, places in pools and locks that are still taken. All must be empty."""
        return {
            "runs": [run for run in self.dagster.query(_RUNS) if run[2] not in _ENDED],
            "slots": self.dagster.query("select * from concurrency_slots where run_id is not null"),
            "waiting": self.dagster.query("select * from pending_steps"),
            "locks": self.dagster.query("select database, classid, objid from pg_locks where locktype = 'advisory'"),
        }

    def wait_for_nothing_left_over(self) -> None:
        """Everything is free again within some seconds."""
        try:
            self.wait(lambda: not any(self.left_over().values()), "everything is free again", 60)
        except TimeoutError as still:
            raise TimeoutError(f"{still}\n{self.left_over()}") from None

    def close(self) -> None:
        """End what runs: Postgres the pleasant way, for what it shares would stay."""
        for one in leftovers.processes(self._folder / "var"):
            with suppress(psutil.NoSuchProcess):
                one.kill()
        self._processes["postgres"].send_signal(signal.SIGINT)
        for process in self._processes.values():
            process.wait(30)
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
