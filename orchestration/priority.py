"""Runs give way to people: they have the processors that nobody who looks at a page wants at the moment.

Postgres works for runs in processes of its own, which are as nice as the run for as long as it lasts. They are known by
the role in their title, as are those that clean up after runs. Where Postgres is on another machine, or in another
container, there are none to be seen.

Linux may share out processors among sessions first and among the processes of one only then (`man 7 sched`, autogroup).
Each process of Postgres is a session of its own, all of Superset a part of one: there the session must be nice too.
"""

import os
import re
import threading
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

# Of 19: a thirtieth of what a process of people gets while both want all.
NICENESS = 15
_LOOK_SECONDS = 0.5
_BETWEEN_SESSIONS = 0.11
_PARALLEL_WORKER = re.compile(rb"postgres: .*parallel worker for PID (\d+)")
_CLEANS_UP = b"postgres: autovacuum worker"


@contextmanager
def giving_way(roles: Collection[str]) -> Iterator[None]:
    """Make this thread, what it starts, and what Postgres does for these roles meanwhile, as nice as NICENESS.

    This thread stays so, for Linux lets nobody but root take it back.
    """
    os.setpriority(os.PRIO_PROCESS, 0, max(NICENESS, os.getpriority(os.PRIO_PROCESS, 0)))
    ended = threading.Event()
    watching = threading.Thread(target=_watch, args=(roles, ended), name="give way", daemon=True)
    watching.start()
    try:
        yield
    finally:
        ended.set()
        watching.join()


def _watch(roles: Collection[str], ended: threading.Event) -> None:
    while not ended.wait(_LOOK_SECONDS):
        for pid in _backends(roles):
            with suppress(OSError):  # it has ended, or is somebody else's
                os.setpriority(os.PRIO_PROCESS, pid, NICENESS)
                _make_session_nice(pid)


def _make_session_nice(leader: int) -> None:
    session = Path(f"/proc/{leader}/autogroup")
    # Nothing is in it for those whose ancestors have never begun a session: only their own niceness counts.
    shown = session.read_text() if session.exists() else ""
    if not shown or os.getsid(leader) != leader or f"nice {NICENESS}" in shown:
        return
    try:
        session.write_text(str(NICENESS))
    except BlockingIOError:  # Linux changes ten in a second
        time.sleep(_BETWEEN_SESSIONS)
        session.write_text(str(NICENESS))


def _backends(roles: Collection[str]) -> Iterator[int]:
    """Postgres' processes on this machine that work for one of the roles, or clean up."""
    beginnings = (_CLEANS_UP, *(f"postgres: {role} ".encode() for role in roles))
    workers: list[tuple[int, int]] = []
    found = set()
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # it has ended
            title = file.read_bytes()
            if title.startswith(beginnings):
                found.add(int(file.parent.name))
            elif worker := _PARALLEL_WORKER.match(title):
                workers.append((int(file.parent.name), int(worker[1])))
    yield from found
    yield from (pid for pid, of in workers if of in found)
