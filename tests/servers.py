"""Starts the real servers that tests talk to, each in a process of its own, on ports that nothing else uses."""

import fcntl
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

# One byte a port, locked by the process of tests that was given the port, until it ends.
_PORTS = Path(tempfile.gettempdir(), f"dealer-dashboard-test-ports-{os.geteuid()}").open("w")  # noqa: SIM115
_given: set[int] = set()  # a process is not kept out by its own locks


def unused_port() -> int:
    """A port below the kernel's own range that nothing listens on and no process of tests was given before."""
    for port in random.sample(range(20_000, 32_000), 200):
        if port in _given:
            continue
        try:
            fcntl.lockf(_PORTS, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
        except OSError:  # another process's
            continue
        _given.add(port)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)):
                return port
    raise RuntimeError("no free port")


@contextmanager
def running(
    command: list[str], health: str, env: dict[str, str] | None = None, seconds: float = 60, cwd: Path | None = None
) -> Iterator[None]:
    """A server process that answers `health`; it ends with the block."""
    # A pipe that nobody reads would stop a server that says much.
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(command, env=env, cwd=cwd, stdout=subprocess.DEVNULL, stderr=said)
        try:
            deadline = time.monotonic() + seconds
            while True:
                try:
                    if requests.get(health, timeout=5).ok:
                        break
                except requests.RequestException:
                    if process.poll() is not None:
                        said.seek(0)
                        raise RuntimeError(f"{command[:3]} ended: {said.read()}") from None
                    if time.monotonic() > deadline:
                        raise RuntimeError(f"{command[:3]} does not answer") from None
                    time.sleep(0.1)
            yield
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextmanager
def running_sandbox(*options: str) -> Iterator[str]:
    """The address of a sandbox started with these options."""
    port = unused_port()
    url = f"http://127.0.0.1:{port}"
    with running([sys.executable, "-m", "sandbox", "--port", str(port), *options], f"{url}/health"):
        yield url
