"""Tests that run side by side do not meet on a port."""

import random
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
import servers

# Asks for a port, says which it was given, and keeps it until its standard input ends.
ANOTHER = """
import random, sys
random.sample = lambda ports, count: list(ports)
import servers
print(servers.unused_port(), flush=True)
sys.stdin.read()
"""


def in_order(ports: Sequence[int], count: int) -> list[int]:
    return list(ports)


def test_no_port_is_given_to_two_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(random, "sample", in_order)
    command = [sys.executable, "-c", ANOTHER]
    with subprocess.Popen(
        command, cwd=Path(servers.__file__).parent, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as another:
        assert another.stdout
        theirs = int(another.stdout.readline())
        assert servers.unused_port() != theirs
        another.communicate()


def test_no_port_is_given_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(random, "sample", in_order)
    assert servers.unused_port() != servers.unused_port()
