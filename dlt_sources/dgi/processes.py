"""Processes beside a run's own that pull shares of its calls. They end with it, however it ends.

What they need is in their standard input, credentials with it: nothing of it shows in a list of processes. They answer
on what was their standard output; what they print goes where errors go.
"""

import os
import pickle
import queue
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from dlt_sources.dgi.loading import Loaded
from dlt_sources.dgi.shares import CallEnded, Ended, Share, Tell, Told, pull_share, shared_out

_ROOT = Path(__file__).resolve().parents[2]
# To start a process takes a second of a processor, as long as so many calls do.
_CALLS_WORTH_ONE = 1000
# Several keep less of what they have freed than one does: 590 MB for two in place of 650 (stack/programs.py).
_SPARING = {"MALLOC_MMAP_THRESHOLD_": "1048576", "MALLOC_TRIM_THRESHOLD_": "4194304"}


class ProcessLost(Exception):
    """One of the processes is gone, or lost the warehouse: what was committed stays, the rest can be pulled anew."""


def worth(calls: int, most: int) -> int:
    """How many processes are worth their start for about so many calls, this one among them; `most` of them at most."""
    return max(1, min(most, calls // _CALLS_WORTH_ONE))


class Processes:
    """Starts `count` processes, which get ready while the caller goes on. Ends them with the block."""

    def __init__(self, count: int) -> None:
        command, env = [sys.executable, "-m", "dlt_sources.dgi.share_process"], os.environ | _SPARING
        self._processes = [
            subprocess.Popen(command, cwd=_ROOT, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603 (constant)
            for _ in range(count)
        ]
        self._attending: list[threading.Thread] = []
        self._came: queue.SimpleQueue[Told] = queue.SimpleQueue()
        self._under_way = 0

    def __enter__(self) -> "Processes":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def _end(self) -> None:
        for process in self._processes:
            process.kill()
        for thread in self._attending:
            thread.join()
        for process in self._processes:
            process.wait()
            for stream in (process.stdin, process.stdout):
                with suppress(OSError):  # a share that was not sent any more
                    stream.close() if stream else None

    def pull(self, whole: Share, tell: Tell) -> None:
        """Pull a share: in this process what is not given to the others. `tell` hears of all, in this thread.

        Raises ProcessLost, what `tell` raises, and what `pull_share` raises. Then none of the processes runs any more:
        the caller may give up the locks of what they were loading.
        """
        try:
            self._pull(whole, tell)
        except BaseException:
            self._end()
            raise

    def _pull(self, whole: Share, tell: Tell) -> None:
        own, *others = shared_out(whole, 1 + len(self._processes))
        for process, share in zip(self._processes, others, strict=False):
            self._under_way += 1
            self._attending.append(threading.Thread(target=self._attend, args=(process, share), daemon=True))
            self._attending[-1].start()

        refused: list[BaseException] = []

        def tell_all(told: CallEnded | Loaded) -> None:
            try:
                tell(told)
                while not self._came.empty():
                    self._pass_on(self._came.get(), tell)
            except BaseException as error:
                refused.append(error)
                raise

        try:
            pull_share(own, tell_all)
        except Exception:
            if refused:  # dlt takes whatever is raised while it extracts for a failure of its own
                raise refused[0] from None
            raise
        while self._under_way:
            self._pass_on(self._came.get(), tell)

    def _attend(self, process: "subprocess.Popen[bytes]", share: Share) -> None:
        """Hand a share to a process that may not be ready yet, and take what it tells until its end."""
        assert process.stdin and process.stdout
        try:
            pickle.dump(share, process.stdin)
            process.stdin.flush()
            while True:
                some: list[Told] = pickle.load(process.stdout)  # noqa: S301 (our own process)
                for told in some:
                    self._came.put(told)
                if isinstance(some[-1], Ended):
                    return
        except Exception:  # whatever it is that was not said, whoever waits must hear of it
            self._came.put(Ended(f"process {process.pid}, which pulled a share of the calls, is gone"))

    def _pass_on(self, told: Told, tell: Tell) -> None:
        if not isinstance(told, Ended):
            tell(told)
            return
        self._under_way -= 1
        if told.reason:
            raise ProcessLost(told.reason) if told.may_pass else RuntimeError(told.reason)
