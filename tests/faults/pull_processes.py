"""Pulls that start at the same moment, each in a process of its own, as the runs of Dagster are.

What a run costs before its first line is imports; this process has them done and forks. An order a line, JSON: a list
of pulls, each {"modules", "dealers", "dates"}. It answers with a list of how each ended: "arrived", or what did not.
"""

import json
import os
import sys
from datetime import UTC, date, datetime
from typing import Any

from orchestration.pull.asked import Asked
from orchestration.pull.pulling import Pull
from orchestration.settings import load_settings


def _pull(order: dict[str, Any]) -> str:
    days = frozenset(map(date.fromisoformat, order["dates"]))
    dates = {(module, dealer): days for module in order["modules"] for dealer in order["dealers"]}
    pulled = Pull(load_settings(), Asked(dates, datetime.now(UTC)), None).run()
    if pulled.failed:
        return next(iter(pulled.failed.values())).reason
    return "arrived" if pulled.arrived else "nothing was asked for"


def _forked(order: dict[str, Any]) -> int:
    """Start the pull in a process of its own. Returns a pipe that will say how it ended."""
    reading, writing = os.pipe()
    if os.fork():
        os.close(writing)
        return reading
    try:
        said = _pull(order)
    except Exception as error:
        said = f"{type(error).__name__}: {error}"
    os.write(writing, said.encode()[:4000])
    os._exit(0)


def main() -> None:
    print("ready", flush=True)
    for line in sys.stdin:
        pipes = [_forked(order) for order in json.loads(line)]
        print(json.dumps([_read(pipe) for pipe in pipes]), flush=True)
        while True:
            try:
                os.waitpid(-1, 0)
            except ChildProcessError:
                break


def _read(pipe: int) -> str:
    with os.fdopen(pipe) as stream:
        return stream.read() or "it died"


if __name__ == "__main__":
    main()
