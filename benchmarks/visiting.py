"""Runs locust in a process of its own, and says how long people waited for each kind of request."""

import csv
import json
import os
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from orchestration.settings import ROOT

VISITS = ROOT / "benchmarks" / "people_visits.py"


@dataclass
class Waited:
    """Requests of one kind; `times` counts them by milliseconds, as exactly as locust keeps them."""

    requests: int = 0
    failed: int = 0
    seconds: float = 0.0
    times: Counter[int] = field(default_factory=Counter)

    def under(self, share: float) -> int:
        """Milliseconds that this share of the requests took at most."""
        left = share * sum(self.times.values())
        for milliseconds, count in sorted(self.times.items()):
            left -= count
            if left <= 0:
                return milliseconds
        return 0


def visited(
    url: str, file: Path, people: int, minutes: float, kind: str = "Person", come_a_second: float = 0
) -> dict[str, Waited]:
    """What so many people waited, by kind of request. Prints what failed."""
    prefix = file.with_name(f"people-{time.monotonic_ns()}")
    rate = come_a_second or max(1.0, people / 30)
    options = ["--host", url, "--users", str(people), "--spawn-rate", str(rate), "--run-time", f"{int(minutes * 60)}s"]
    options += ["--headless", "--json", "--csv", str(prefix), "--stop-timeout", "30", kind]
    env = os.environ | {"PEOPLE_FILE": str(file), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "locust", "-f", str(VISITS), *options], env=env, cwd=file.parent, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False,
    )  # fmt: skip
    with prefix.with_name(f"{prefix.name}_failures.csv").open() as failures:
        for row in csv.DictReader(failures):
            print(f"failed {row['Occurrences']} x: {row['Error']}")
    found: dict[str, Waited] = {}
    for entry in json.loads(done.stdout):
        one = found.setdefault(entry["name"], Waited())
        one.requests += entry["num_requests"]
        one.failed += entry["num_failures"]
        one.seconds = max(one.seconds, entry["last_request_timestamp"] - entry["start_time"])
        one.times += Counter({round(float(ms)): count for ms, count in entry["response_times"].items()})
    return found
