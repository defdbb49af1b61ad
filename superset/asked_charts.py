"""What people's charts asked for lately, kept as files, so that it can be asked again when the data has changed.

A file holds one request as it was sent, and nothing about who sent it. Requests that only their sender would make again
are left out: typed searches, later pages of a table, exports.
"""

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

# What asks again calls itself so; its requests are nobody's.
WARMER = "dealer-dashboard-cache"
MOST_KEPT = 500
SECONDS_BETWEEN_NOTES = 3600
SECONDS_KEPT = 30 * 86_400
LONGEST = 100_000
SEARCHES = ("LIKE", "ILIKE")


class AskedCharts:
    """The requests in a folder; a file's time is when it was asked last, to the hour."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def note(self, payload: dict[str, Any], is_for_all: Callable[[], bool]) -> None:
        """Keeps the request unless it was kept within the hour; `is_for_all` may take a while and is asked last.

        Raises OSError.
        """
        if not is_worth_asking_again(payload):
            return
        text = as_text(payload)
        file = self.folder / f"{hashlib.sha256(text.encode()).hexdigest()}.json"
        is_new = not file.exists()
        if len(text) > LONGEST or not (is_new or _age(file) > SECONDS_BETWEEN_NOTES) or not is_for_all():
            return
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        unfinished = file.with_suffix(f".{os.getpid()}-{time.monotonic_ns()}")
        unfinished.write_text(text)
        unfinished.replace(file)
        if is_new:
            for surplus in self.newest_first()[MOST_KEPT:]:
                surplus.unlink(missing_ok=True)

    def newest_first(self) -> list[Path]:
        """The files of requests made within the last month."""
        return sorted((file for file in self.folder.glob("*.json") if _age(file) < SECONDS_KEPT), key=_age)

    def payloads(self) -> Iterator[tuple[Path, bytes]]:
        """The requests, newest first, each read when its turn comes."""
        for file in self.newest_first():
            if file.exists():
                yield file, file.read_bytes()


def is_worth_asking_again(payload: dict[str, Any]) -> bool:
    """Whether it draws a chart that others see too, or the same person again."""
    if payload.get("result_format", "json") != "json" or payload.get("result_type", "full") != "full":
        return False
    return not any(_is_passing(query) for query in payload["queries"])


def as_text(payload: dict[str, Any]) -> str:
    """The request as text, the same for all who ask for the same."""
    return json.dumps(_without_passing(payload), sort_keys=True)


def _without_passing(payload: dict[str, Any]) -> dict[str, Any]:
    """The request without what belongs to the moment: that it was forced, and the address of the page."""
    kept = {name: value for name, value in payload.items() if name != "force"}
    form = payload.get("form_data")
    if isinstance(form, dict):
        kept["form_data"] = {name: value for name, value in form.items() if name not in ("force", "url_params")}
    return kept


def _is_passing(query: dict[str, Any]) -> bool:
    return bool(query.get("row_offset")) or any(each.get("op") in SEARCHES for each in query.get("filters") or ())


def _age(file: Path) -> float:
    """Seconds since the request was kept; of one that has gone meanwhile, endless."""
    try:
        return time.time() - file.stat().st_mtime
    except FileNotFoundError:
        return float("inf")
