"""What is read whole from Superset's database and known for some seconds: a page asks for it hundreds of times."""

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

SECONDS_KNOWN = 5.0
Read = TypeVar("Read")


class ReadAgain(Generic[Read]):
    """Calls `read` when what it gave is older than five seconds. Threads share it; one of them reads at a time."""

    def __init__(self, read: Callable[[], Read]) -> None:
        self._read = read
        self._lock = threading.Lock()
        self._known: tuple[float, Read] | None = None

    def __call__(self) -> Read:
        """What was read last. Raises what `read` raises, and knows nothing then."""
        known = self._known
        if known is None or time.monotonic() - known[0] >= SECONDS_KNOWN:
            with self._lock:
                known = self._known
                if known is None or time.monotonic() - known[0] >= SECONDS_KNOWN:
                    began = time.monotonic()
                    known = self._known = (began, self._read())
        return known[1]
