"""Dagster's code location loads where nothing is set up, and importing it reaches for nothing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from orchestration.settings import ROOT

# Runs first in the process: whoever connects, starts a program or writes a file ends it.
_WATCH = """if True:
    import sys
    import psycopg2

    def refuse(event, arguments):
        writes = event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+")
        if writes or event in ("socket.connect", "socket.getaddrinfo", "subprocess.Popen", "os.posix_spawn"):
            raise OSError(f"{event} {arguments}")

    def connect(*_, **__):
        raise OSError("a database")

    psycopg2._connect = connect
    sys.addaudithook(refuse)
"""


def bare(*command: str) -> "subprocess.CompletedProcess[str]":
    """A program with nothing in its environment but PATH."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {"PATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize("reach", ["socket.create_connection(('127.0.0.1', 1))", "psycopg2.connect('')",
                                   "open('/tmp/x', 'w')"])  # fmt: skip
def test_the_watch_sees(reach: str) -> None:
    done = bare(sys.executable, "-c", f"{_WATCH}\nimport socket\n{reach}")
    assert done.returncode == 1
    assert "OSError: " in done.stderr
    assert "refused" not in done.stderr


def test_importing_reaches_for_nothing() -> None:
    done = bare(sys.executable, "-c", f"{_WATCH}\nimport orchestration.definitions, orchestration.cli")
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_it_loads_in_an_empty_environment() -> None:
    done = bare("dagster", "definitions", "validate", "-w", "workspace.yaml")
    assert done.returncode == 0, done.stderr
    assert "All code locations passed validation" in done.stderr + done.stdout
