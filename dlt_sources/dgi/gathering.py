"""One document sent as several records: puts its lines together again without losing or multiplying any.

Seen in use (contract section 2): a delivery as one record a detail row; a work order as services x parts pairs; the
same record twice; an older and a newer version side by side.
"""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from math import gcd
from typing import Any

from dlt_sources.dgi.timestamps import read_local_time

Record = dict[str, Any]

_TIMES = ("createdTime", "modifiedTime")


@dataclass(frozen=True)
class Gathered:
    """The document, and of which records (by position) it is made."""

    value: Record
    parts: list[int]


def gather(records: list[Record], children: list[str]) -> Gathered:
    """Put the records of one document of one answer together.

    Records that differ in more than their lines and times are versions of the document: the one modified last counts.
    Those that do not, with at most one line of a kind each, are rows of it: their lines are gathered.
    """
    newest = max(range(len(records)), key=lambda at: (_modified(records[at]), at))
    header = _header(records[newest], children)
    rows = [at for at in range(len(records)) if _header(records[at], children) == header]
    rows = _unmultiplied(rows, lambda at: _canonical(records[at]))
    if any(len(_lines(records[at], child)) > 1 for at in rows for child in children):
        return Gathered(records[newest], [newest])
    value = dict(records[newest])
    for child in children:
        lines = [line for at in rows for line in _lines(records[at], child)]
        if len(lines) > 1:
            value[child] = _unmultiplied(lines, _canonical)
    return Gathered(value, rows) if value != records[newest] else Gathered(value, [newest])


def _unmultiplied(some: list[Any], text: Callable[[Any], str]) -> list[Any]:
    """Divide by what the counts of all have in common: a line may well stand there twice, but not every line.

    Records come twice when a server sends them twice; lines come often as pairs, where every line of one kind is
    repeated once for each line of the other.
    """
    counts = Counter(map(text, some))
    times = gcd(*counts.values())
    left = Counter({one: count // times for one, count in counts.items()})
    kept = []
    for one in some:
        if left[text(one)]:
            left[text(one)] -= 1
            kept.append(one)
    return kept


def _header(record: Record, children: list[str]) -> str:
    return _canonical({name: value for name, value in record.items() if name not in children and name not in _TIMES})


def _lines(record: Record, child: str) -> list[Any]:
    lines = record.get(child)
    if isinstance(lines, list):
        return lines
    return [lines] if isinstance(lines, dict) else []


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)


def _modified(record: Record) -> datetime:
    for name in reversed(_TIMES):
        text = record.get(name)
        if isinstance(text, str) and (time := read_local_time(text)):
            return time
    return datetime.min
