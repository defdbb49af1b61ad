"""Superset's cache of answers, every one of them kept under the version of the data that it is of.

A finished transform gives the data a new version, and with it nothing that was cached before is found again. The
version is read once in a request, before the request reads any data: an answer that was computed while the version
changed is kept under the old one, never under the new one. Whose rows it is of is part of the key too.
"""

import re
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import flask
from flask_caching.backends import FileSystemCache, RedisCache
from flask_caching.backends.base import BaseCache

import tenants
from data_version import DataVersion

# Ranges with such words move within the day.
MOVES_WITHIN_A_DAY = re.compile(r"\b(now|hours?|minutes?|seconds?)\b", re.IGNORECASE)
SECONDS_OF_A_MOVING_RANGE = 600
# Files are counted after so many times fewer writes than there may be files.
WRITES_OF_THRESHOLD = 40


class VersionedCache(BaseCache):
    """Keeps things in another cache, with the request's data version in the key; keeps nothing when that is unknown."""

    def __init__(self, store: Any, source: DataVersion) -> None:
        super().__init__(default_timeout=store.default_timeout)
        self.store = store
        self.source = source

    def version(self) -> str | None:
        """The version that this request works with, read when it is first asked for."""
        if "data_version" not in flask.g:
            flask.g.data_version = self.source.read()
        return flask.g.data_version

    def get(self, key: str) -> Any:
        """What was kept under the key by a request of the same version."""
        version = self.version()
        return self.store.get(_full(version, key)) if version else None

    def has(self, key: str) -> bool:
        """Whether `get` would find something."""
        version = self.version()
        return bool(version and self.store.has(_full(version, key)))

    def set(self, key: str, value: Any, timeout: int | None = None) -> bool:
        """Keeps it, unless the version was not read before the value was computed."""
        version = flask.g.get("data_version")
        return bool(version and self.store.set(_full(version, key), value, timeout))

    def add(self, key: str, value: Any, timeout: int | None = None) -> bool:
        """The same, unless there is something already."""
        version = flask.g.get("data_version")
        return bool(version and self.store.add(_full(version, key), value, timeout))

    def delete(self, key: str) -> bool:
        """Forgets it in this version."""
        version = self.version()
        return bool(version and self.store.delete(_full(version, key)))

    def clear(self) -> bool:
        """Forgets everything, of all versions."""
        return bool(self.store.clear())


def _full(version: str, key: str) -> str:
    return f"{version}, {tenants.tenant()} {key}"


class Files(FileSystemCache):
    """Files that are thrown away by halves: one by one, a full cache would be looked through at every write.

    They are counted now and then: how many there are was a file too, written anew with each of them.
    """

    _writes = 0

    def _update_count(self, delta: int | None = None, value: int | None = None) -> None:
        pass

    def _prune(self) -> None:
        self._writes += 1
        if self._writes % max(1, self._threshold // WRITES_OF_THRESHOLD):
            return
        oldest_first = sorted((Path(name) for name in self._list_dir()), key=_written_at)
        if len(oldest_first) > self._threshold:
            for file in oldest_first[: len(oldest_first) // 2]:
                file.unlink(missing_ok=True)


def _written_at(file: Path) -> float:
    with suppress(FileNotFoundError):  # the other worker was quicker
        return file.stat().st_mtime
    return 0.0


def versioned(app: flask.Flask, config: dict[str, Any], args: list[Any], options: dict[str, Any]) -> VersionedCache:
    """Flask-Caching's way to make a cache, named as CACHE_TYPE: Redis when CACHE_REDIS_URL is set, files otherwise."""
    store = RedisCache if config.get("CACHE_REDIS_URL") else Files
    return VersionedCache(store.factory(app, config, args, options), DataVersion(config["WAREHOUSE_READER_URL"]))


def begin_request(cache: VersionedCache, queries: list[dict[str, Any]]) -> None:
    """Reads the version before the queries are run, for a forced one would not look into the cache before.

    Answers for ranges such as the last three hours are good for ten minutes only.
    """
    version = cache.version()
    if version and any(_moves_within_a_day(query) for query in queries):
        flask.g.data_version = f"{version}, {time.time() // SECONDS_OF_A_MOVING_RANGE:.0f}"


def _moves_within_a_day(query: dict[str, Any]) -> bool:
    ranges = [query.get("time_range")]
    ranges += [each.get("val") for each in query.get("filters") or () if each.get("op") == "TEMPORAL_RANGE"]
    return any(isinstance(text, str) and MOVES_WITHIN_A_DAY.search(text) for text in ranges)
