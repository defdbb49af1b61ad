"""The most memory that a process took."""

import re
from pathlib import Path


def peak_mb() -> float:
    """The most memory that this process has held since its program began, in MB (Linux's VmHWM).

    Not `getrusage`'s ru_maxrss: a process begun by a larger one starts with the peak of that one.
    """
    status = Path("/proc/self/status").read_text()
    return int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) / 1024
