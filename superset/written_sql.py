"""What Superset writes for a chart, kept for all processes: each knows what it has met, and else asks the cache.

Whatever is written here has the dealers of whoever asks left open (tenants.py).
"""

import functools
import hashlib
import threading
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import flask
from cachetools import LRUCache

MOST_KEPT = 2000
SECONDS_KEPT = 86_400


@functools.cache
def _code() -> str:
    """What tells apart this Superset, and what we changed of it, from others: they would write something else."""
    ours = hashlib.sha256(version("apache-superset").encode())
    for file in sorted(Path(__file__).parent.glob("*.py")):
        ours.update(file.read_bytes())
    return ours.hexdigest()


class Written:
    """What was written with the dealers left open. Threads share it, and through the cache all processes."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._kept: LRUCache[Hashable, Any] = LRUCache(MOST_KEPT)
        self._lock = threading.Lock()

    def find(self, key: Hashable, write: Any) -> Any:
        """What `write` gives, which may be None, or gave under this key before."""
        with self._lock:
            if key in self._kept:
                return self._kept[key]
        from superset.extensions import cache_manager  # the configuration is read before Superset is there

        name = f"{self._kind} {hashlib.sha256(repr((_code(), key)).encode()).hexdigest()}"
        found = cache_manager.cache.get(name)
        if found is None:
            with _dealers_left_open():
                found = (write(),)
            if flask.g.get("rules_are_unknown"):
                return found[0]
            cache_manager.cache.set(name, found, timeout=SECONDS_KEPT)
        with self._lock:
            self._kept[key] = found[0]
        return found[0]


@contextmanager
def _dealers_left_open() -> Iterator[None]:
    before = flask.g.get("dealers_are_left_open", False)  # a query's FROM is written within the query
    flask.g.dealers_are_left_open = True
    try:
        yield
    finally:
        flask.g.dealers_are_left_open = before
