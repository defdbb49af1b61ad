"""A process that loads what it is told, a JSON order a line, so that tests can run several at once and kill them.

Orders: {"do": "create", "warehouse": URL} or {"do": "load", "warehouse": URL, "sandbox": URL, "dealers": [...],
"modules": [...], "dates": [...]}. It says "ready" when it can take the first, "working" when it begins and "done".
"""

import json
import sys
from datetime import date

from asking import Fleet
from sandbox_orders import Sandbox

from dlt_sources.dgi.fetching import Fetcher
from dlt_sources.dgi.loading import load
from dlt_sources.dgi.source import create_tables


def _load(warehouse: str, sandbox: str, dealers: list[str], modules: list[str], dates: list[str]) -> None:
    fleet = Fleet(Sandbox(sandbox).fleet)
    calls = fleet.calls(dealers, map(date.fromisoformat, dates), modules)
    loaded = load(Fetcher(calls, fleet.known_dealers), warehouse)
    assert not loaded.miscounted, loaded.miscounted
    assert all(call.outcome.arrived for call in loaded.calls)


def main() -> None:
    print("ready", flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        print("working", flush=True)
        if order.pop("do") == "create":
            create_tables(order["warehouse"])
        else:
            _load(**order)
        print("done", flush=True)


if __name__ == "__main__":
    main()
