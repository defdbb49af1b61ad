"""Finds processes of this stack that its supervisor no longer holds: run workers, code servers, orphans of a crash."""

import os
import signal
from contextlib import suppress
from pathlib import Path

import psutil

from stack.programs import MARK

SECONDS_TO_END = 15


def processes(var: Path) -> list[psutil.Process]:
    """All processes that the stack of this VAR_DIR has started, the caller and its parents left out."""
    own = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    return [process for process in psutil.process_iter() if process.pid not in own and _belongs(process, var)]


def end(var: Path) -> list[psutil.Process]:
    """End whatever is left, politely first; returns what is still there (only what this user may not end)."""
    found = processes(var)
    servers = [process for process in found if _is_postgres(process)]
    heads = [process for process in servers if _is_head(process)]
    # The server last, since others still write to it; its children end with it, and take a signal as a crash.
    _end([process for process in found if process not in servers], signal.SIGTERM)
    _end(heads, signal.SIGINT)
    psutil.wait_procs(servers, timeout=SECONDS_TO_END)
    return processes(var)


def _end(found: list[psutil.Process], politely: signal.Signals) -> None:
    for process in found:
        with suppress(psutil.Error):
            process.send_signal(politely)
    _, stubborn = psutil.wait_procs(found, timeout=SECONDS_TO_END)
    for process in stubborn:
        with suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(stubborn, timeout=SECONDS_TO_END)


def _belongs(process: psutil.Process, var: Path) -> bool:
    with suppress(psutil.Error, OSError):
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        if process.environ().get(MARK) == str(var):
            return True
        # Postgres gets an empty environment; each of its processes works in the cluster's folder.
        return _is_postgres(process) and Path(process.cwd()) == (var / "postgres" / "data").resolve()
    return False


def _is_postgres(process: psutil.Process) -> bool:
    with suppress(psutil.Error):
        return bool(process.name() == "postgres")
    return False


def _is_head(process: psutil.Process) -> bool:
    """Whether it is the server itself, the only one of its processes that still shows its command line."""
    with suppress(psutil.Error):
        return "-D" in process.cmdline()
    return False
