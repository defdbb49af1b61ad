"""A run and what Postgres does for it stand back behind people, and nothing else does."""

import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest
from sqlalchemy import make_url

from orchestration.priority import NICENESS

pytestmark = pytest.mark.slow
# What a run does: before, it is as everybody; then it opens connections, and its threads and programs are nice too.
RUN = """
import os, subprocess, sys, threading, psycopg2
from orchestration.priority import giving_way
def niceness(): print(os.getpriority(os.PRIO_PROCESS, 0))
niceness()
with giving_way([sys.argv[1]]):
    niceness()
    thread = threading.Thread(target=niceness); thread.start(); thread.join()
    sys.stdout.flush()
    subprocess.run(["nice"])
    connection = psycopg2.connect(sys.argv[2])
    print(connection.info.backend_pid, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def role(warehouse_url: str) -> Iterator[str]:
    name = f"nice_{uuid.uuid4().hex[:8]}"
    with closing(psycopg2.connect(_plain(warehouse_url))) as owner:
        owner.autocommit = True
        owner.cursor().execute(f"create role {name} login password 'of a test'")
        yield name
        owner.cursor().execute(f"drop role {name}")


def _plain(url: str, **change: str) -> str:
    return make_url(url).set(drivername="postgresql", **change).render_as_string(hide_password=False)


def comes(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.1)


def niceness_of(pid: int) -> int:
    return os.getpriority(os.PRIO_PROCESS, pid)


def niceness_of_session(pid: int) -> int:
    """Among the sessions of this machine, where Linux shares out processors among them first."""
    file = Path(f"/proc/{pid}/autogroup")
    shown = file.read_text() if file.exists() else ""
    return int(shown.split()[-1]) if shown else niceness_of(pid)


def test_a_run_and_its_part_of_postgres_give_way_and_nobody_else(warehouse_url: str, role: str) -> None:
    run = [sys.executable, "-c", RUN, role, _plain(warehouse_url, username=role, password="of a test")]
    with (
        closing(psycopg2.connect(_plain(warehouse_url))) as of_people,
        subprocess.Popen(run, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process,
    ):
        assert process.stdout and process.stdin
        before, its_own, of_its_thread, of_its_program, backend = (int(process.stdout.readline()) for _ in range(5))
        assert [before, its_own, of_its_thread, of_its_program] == [niceness_of(0), NICENESS, NICENESS, NICENESS]
        comes(lambda: niceness_of(backend) == NICENESS)
        comes(lambda: niceness_of_session(backend) == NICENESS)
        assert niceness_of(of_people.info.backend_pid) == niceness_of(0) != NICENESS
        assert niceness_of_session(of_people.info.backend_pid) == niceness_of_session(os.getpid()) != NICENESS
        process.stdin.close()
        assert process.wait(60) == 0
