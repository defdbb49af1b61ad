"""The most memory that a process took, with those that it started."""

import re
from pathlib import Path

import psutil


def peak_mb() -> float:
    """The most memory that this process has held since its program began, in MB (Linux's VmHWM).

    That of each process which it started and which still runs is added, though all need not have come at one moment
    and what they share, libraries for the most part, is counted in each.
    Not `getrusage`'s ru_maxrss: a process begun by a larger one starts with the peak of that one.
    """
    itself = psutil.Process()
    statuses = [Path(f"/proc/{one.pid}/status").read_text() for one in (itself, *itself.children())]
    return sum(int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) for status in statuses) / 1024
