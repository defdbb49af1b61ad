"""A run that pulls in two processes and stays in the middle of it: it says the other's pid when it hears of a call.

Its standard input is a pickled share.
"""

import pickle
import sys
import time

import psutil

from dlt_sources.dgi.loading import Loaded
from dlt_sources.dgi.processes import Processes
from dlt_sources.dgi.shares import CallEnded


def main() -> None:
    whole = pickle.load(sys.stdin.buffer)
    with Processes(1) as processes:

        def tell(told: CallEnded | Loaded) -> None:
            print(psutil.Process().children()[0].pid, flush=True)
            time.sleep(600)

        processes.pull(whole, tell)


if __name__ == "__main__":
    main()
