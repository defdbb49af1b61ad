"""The process supervisor (supervisord): its configuration, starting it, and speaking with it.

Its configuration holds no secrets: programs inherit the environment in which supervisord was started.
"""

import hashlib
import json
import os
import shlex
import shutil
import subprocess
import sys
import time

# It speaks to our own supervisor alone, over a socket in a private folder.
import xmlrpc.client  # nosec B411
from collections.abc import Callable, Iterable, Mapping
from configparser import RawConfigParser
from contextlib import suppress
from io import StringIO
from pathlib import Path
from typing import Any

import psutil
from supervisor.xmlrpc import SupervisorTransport

from stack.errors import StackError, failure
from stack.programs import Program, socket_of

ALIVE = ("STARTING", "RUNNING", "STOPPING")
# How often a program may end while it starts before `make up` gives up on it: 0, 1, 3, 6 and 10 seconds after the first
# try. The children of a killed Postgres are in its way for up to 4.
FAILED_STARTS = 5


def render(programs: Iterable[Program], run: Path, log: Path, socket: Path) -> str:
    """The text of supervisord.conf for these programs."""
    config = RawConfigParser()
    config["unix_http_server"] = {"file": _literal(socket), "chmod": "0700"}
    config["supervisord"] = {
        "logfile": _literal(log / "supervisord.log"),
        "logfile_maxbytes": "10MB",
        "logfile_backups": "2",
        "pidfile": _literal(run / "supervisord.pid"),
        "directory": "/",
    }
    if os.geteuid() == 0:
        config["supervisord"]["user"] = "root"  # said outright, else it warns
    config["rpcinterface:supervisor"] = {
        "supervisor.rpcinterface_factory": "supervisor.rpcinterface:make_main_rpcinterface"
    }
    for order, program in enumerate(programs):
        config[f"program:{program.name}"] = _section(program, order, log)
    text = StringIO()
    config.write(text)
    return text.getvalue()


def _section(program: Program, order: int, log: Path) -> dict[str, str]:
    section = {
        "command": _literal(shlex.join(program.command)),
        "directory": _literal(program.directory),
        "priority": str(order),
        "autostart": "false",  # `up` starts them one after the other, as they need each other
        "autorestart": "true",
        "startsecs": "2",
        # A second more before each try. After a kill -9 Postgres refuses to start for as long as its children live,
        # and a database elsewhere may be away for long.
        "startretries": "100",
        "stopsignal": program.stop_signal,
        "stopwaitsecs": str(program.stop_seconds),
        "killasgroup": "true",
        "redirect_stderr": "true",
        "stdout_logfile": _literal(log / f"{program.name}.log"),
        "stdout_logfile_maxbytes": "20MB",
        "stdout_logfile_backups": "3",
    }
    if program.name != "postgres":  # whose children take the signal as an order of their own
        section["stopasgroup"] = "true"
    if program.user:
        section["user"] = program.user
    return section


def _literal(value: object) -> str:
    """A value in which supervisord shall expand nothing."""
    return str(value).replace("%", "%%")


class Supervisor:
    """The supervisord of one VAR_DIR, running or not."""

    def __init__(self, var: Path) -> None:
        self.run = var / "run"
        self.log = var / "log"
        self.socket = socket_of(var, "supervisord")
        self.config = self.run / "supervisord.conf"
        self._digest = self.run / "supervisord.digest"
        self._addresses = self.run / "addresses.json"

    @property
    def rpc(self) -> Any:
        """supervisord's methods; each call raises OSError when it is not running."""
        return xmlrpc.client.ServerProxy(
            "http://supervisor", SupervisorTransport(None, None, f"unix://{self.socket}")
        ).supervisor

    def is_running(self) -> bool:
        """Whether a supervisord answers."""
        try:
            return bool(self.rpc.getState()["statename"] == "RUNNING")
        except (OSError, xmlrpc.client.Error):
            return False

    def is_current(self, programs: Iterable[Program], env: Mapping[str, str]) -> bool:
        """Whether the running supervisord was started with this configuration and these settings."""
        return self._digest.exists() and self._digest.read_text() == self._digest_of(programs, env)

    def _digest_of(self, programs: Iterable[Program], env: Mapping[str, str]) -> str:
        text = render(programs, self.run, self.log, self.socket) + repr(sorted(env.items()))
        return hashlib.sha256(text.encode()).hexdigest()

    def start(self, programs: list[Program], env: Mapping[str, str], inherited: Mapping[str, str]) -> None:
        """Start supervisord, which starts no program by itself. Raises StackError."""
        self.log.mkdir(parents=True, exist_ok=True)
        _make_private(self.run)
        _make_private(self.socket.parent)
        _write_private(self.config, render(programs, self.run, self.log, self.socket))
        _write_private(self._digest, self._digest_of(programs, env))
        _write_private(self._addresses, json.dumps({program.name: program.address for program in programs}))
        command = [sys.executable, "-m", "supervisor.supervisord", "-c", str(self.config)]
        done = subprocess.run(
            command,
            env={**inherited, **env},
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        until = time.monotonic() + 20
        while not self.is_running():
            if done.returncode or time.monotonic() > until:
                raise failure(f"The supervisor does not start, see {self.log}", done.stdout + done.stderr)
            time.sleep(0.05)

    def addresses(self) -> dict[str, str]:
        """The programs as they were last started, with their addresses. Raises StackError if that has never been."""
        if not self._addresses.exists():
            raise StackError("Nothing has been started here yet: run make up.")
        return dict(json.loads(self._addresses.read_text()))

    def states(self) -> dict[str, dict[str, Any]]:
        """supervisord's account of each program, {} when it is not running."""
        try:
            return {info["name"]: info for info in self.rpc.getAllProcessInfo()}
        except (OSError, xmlrpc.client.Error):
            return {}

    def state(self, name: str) -> str:
        """State of one program in supervisord's words, STOPPED when there is none."""
        return str(self.states().get(name, {}).get("statename", "STOPPED"))

    def begin(self, name: str) -> None:
        """Start a program unless it is running; does not wait."""
        if self.state(name) not in (*ALIVE, "BACKOFF"):
            self.rpc.startProcess(name, False)

    def wait(self, name: str, healthy: Callable[[], bool], seconds: float) -> None:
        """Wait until a program is of use. Raises StackError with the end of its log when it does not come up."""
        until = time.monotonic() + seconds
        ends: set[int] = set()
        while not healthy():
            info = self.states().get(name, {})
            ends.add(info.get("stop", 0))  # when it last ended; the first look is where counting begins
            dead = info.get("statename") in ("FATAL", "STOPPED", None) or len(ends) > FAILED_STARTS
            if dead or time.monotonic() > until:
                verdict = "does not start" if dead else f"gave no answer within {seconds:.0f} seconds"
                log = self.log / f"{name}.log"
                said = log.read_text(errors="replace") if log.exists() else ""
                raise failure(f"{name} {verdict}, see {log}", said)
            time.sleep(0.1)
        while self.state(name) == "STARTING":
            time.sleep(0.1)

    def stop(self) -> None:
        """Stop all programs, Postgres last, and then supervisord itself; returns when it is gone."""
        rest = [name for name in self.states() if name != "postgres"]
        for name in rest:
            with suppress(xmlrpc.client.Fault):  # it does not run
                self.rpc.stopProcess(name, False)
        while any(self.state(name) == "STOPPING" for name in rest):
            time.sleep(0.1)
        process = self.process()
        self.rpc.shutdown()
        if process:
            psutil.wait_procs([process], timeout=90)
        if self.socket.parent != self.run:
            shutil.rmtree(self.socket.parent, ignore_errors=True)

    def process(self) -> psutil.Process | None:
        """supervisord's process, None when it is not running."""
        try:
            process = psutil.Process(int((self.run / "supervisord.pid").read_text()))
            return process if str(self.config) in process.cmdline() else None
        except (OSError, ValueError, psutil.Error):
            return None


def _make_private(folder: Path) -> None:
    """Make a folder that only this user may enter. Raises StackError when somebody else has put one there."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.stat().st_uid != os.geteuid():
        raise StackError(f"{folder} belongs to another user: remove it, or set VAR_DIR to a folder of your own.")
    folder.chmod(0o700)


def _write_private(file: Path, text: str) -> None:
    file.unlink(missing_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
        stream.write(text)
