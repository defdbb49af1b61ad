"""The program of a process beside a run's own (processes.py): pulls each share that comes on its standard input.

It tells how it goes on what was its standard output; what it prints goes where errors go.
"""

import os
import pickle
import queue
import signal
import sys
import threading
import time
import traceback
from typing import IO

from dlt_sources.dgi.shares import LOST, CallEnded, Ended, Share, Told, pull_share

_TELL_SECONDS = 0.2


class _Teller:
    """Tells the run what comes, several things at a time: each would wake it."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._waiting: list[Told] = []
        self._told_at = time.monotonic()

    def tell(self, told: Told) -> None:
        self._waiting.append(told)
        now = time.monotonic()
        if not isinstance(told, CallEnded) or now - self._told_at > _TELL_SECONDS:
            pickle.dump(self._waiting, self._stream)
            self._stream.flush()
            self._waiting, self._told_at = [], now


def _receive(stream: IO[bytes], shares: "queue.SimpleQueue[Share]") -> None:
    try:
        while True:
            shares.put(pickle.load(stream))  # noqa: S301 (of the process that started this one)
    except EOFError:
        # The run is gone, and with it its locks: from this moment on others may load the same dealers.
        os._exit(0)


def main() -> None:
    """Pull each share that comes, until whoever sends them is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of a terminal, meant for the run, which ends this process
    stream = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    shares: queue.SimpleQueue[Share] = queue.SimpleQueue()
    threading.Thread(target=_receive, args=(sys.stdin.buffer, shares), daemon=True).start()
    while True:
        share = shares.get()
        teller = _Teller(stream)
        try:
            pull_share(share, teller.tell)
            ended = Ended()
        except LOST as lost:
            ended = Ended(f"{type(lost).__name__}: {lost}")
        except Exception as error:
            traceback.print_exc()
            ended = Ended(f"{type(error).__name__}: {error}", may_pass=False)
        teller.tell(ended)


if __name__ == "__main__":
    main()
