"""Documents a minute from HTTP to raw: ours beside plain dlt, an ORM loop, and the least that can be done.

All pull the same work orders (benchmarks/fixed_answers.py) on the same machine, each in a process and a database of its
own, one after the other; ours in two processes where there are calls enough, as in a run. They take turns, for a
machine is not always as quick, and each is shown by its middle round. What a run costs to start is measured with one
small answer and taken off, as a figure of its own. Slow ways get fewer calls: their rate does not depend on it.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import psycopg2
import requests
from rich.console import Console
from rich.table import Table
from sqlalchemy import make_url

from benchmarks.drawing import draw_bars
from benchmarks.pull_contenders import CONTENDERS, MODULE
from dlt_sources.dgi.client import Client
from dlt_sources.dgi.outgoing import Outgoing
from dlt_sources.dgi.server import Call, Key, Server
from dlt_sources.dgi.windows import group_dates, window_of
from orchestration.settings import ROOT
from stack import postgres
from stack.programs import MEMORY

sys.path.insert(0, str(ROOT / "tests"))
from servers import running, running_sandbox, unused_port

# size -> documents of an answer -> calls
CALLS = {"S": {10: 200, 10_000: 2}, "M": {10: 2_000, 10_000: 20}, "L": {10: 15_000, 10_000: 100}}
# What the slow ones take at most.
SLOW = {"plain dlt": 20_000, "ORM loop": 10_000}
_SLOW_CALLS = 500  # plain dlt recurses with every resource, of which each call is one


@dataclass(frozen=True)
class Pulled:
    """What one process reported; `start` is what a run with one small answer takes, in seconds."""

    seconds: float
    documents: int
    peak_mb: float
    start: float

    @property
    def per_minute(self) -> float:
        """Documents a minute once the start is taken off."""
        return self.documents / max(self.seconds - self.start, 1e-3) * 60


@click.command()
@click.option("--size", type=click.Choice(["S", "M", "L"]), default="S")
@click.option("--rounds", type=click.IntRange(1), default=3)
def main(size: str, rounds: int) -> None:
    """Measure pulling small and large answers."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = stack.enter_context(postgres.throwaway(folder, unused_port(), "throwaway"))
        records = folder / "records.json"
        records.write_text(json.dumps(_work_orders()))
        for documents, calls in CALLS[size].items():
            turns: dict[str, list[Pulled]] = {name: [] for name in CONTENDERS}
            for _ in range(rounds):
                for name, pulled in turns.items():
                    pulled.append(_measure(name, server, records, documents, calls))
            _show(f"size {size}: {calls:,} answers of {documents:,} work orders, {rounds} rounds", turns)
            draw_bars(
                f"pull-{size}-{documents}",
                f"{calls:,} answers of {documents:,} documents: documents a minute",
                {name: _middle(pulled).per_minute for name, pulled in turns.items()},
            )


def _measure(name: str, server: str, records: Path, documents: int, calls: int) -> Pulled:
    most = max(1, min(_SLOW_CALLS, SLOW[name] // documents)) if name in SLOW else calls
    with _answering(records, 10) as url, _database(server) as database:
        start = _run(name, url, database, 1)
    with _answering(records, documents) as url, _database(server) as database:
        done = _run(name, url, database, min(calls, most))
    return Pulled(done["seconds"], int(done["documents"]), done["peak_mb"], start["seconds"])


def _run(name: str, url: str, database: str, calls: int) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.pull_contenders", name, url, database, str(calls)]
    # dlt keeps a pipeline's state in the home folder: a folder that goes with the run.
    with tempfile.TemporaryDirectory() as home:
        env = {"PATH": "/usr/bin:/bin", "HOME": home, "DLT_DATA_DIR": home, "RUNTIME__LOG_LEVEL": "ERROR"}
        env |= MEMORY | {"RUNTIME__DLTHUB_TELEMETRY": "false"}
        done = subprocess.run(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True, check=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


@contextmanager
def _answering(records: Path, documents: int) -> Iterator[str]:
    port = unused_port()
    command = [sys.executable, "-m", "benchmarks.fixed_answers", str(port), str(records), str(documents)]
    with running(command, f"http://127.0.0.1:{port}/health", cwd=ROOT):
        yield f"http://127.0.0.1:{port}/dgi-api/v1.3"


@contextmanager
def _database(server: str) -> Iterator[str]:
    with closing(psycopg2.connect(server)) as connection:
        connection.autocommit = True
        connection.cursor().execute("drop database if exists bench with (force)")
        connection.cursor().execute("create database bench")
        yield make_url(server).set(database="bench", drivername="postgresql").render_as_string(hide_password=False)


def _work_orders() -> list[dict[str, object]]:
    """Work orders of one dealer of the sandbox, as its main dealer sends them."""
    with running_sandbox("--size", "S", "--days", "30") as url:
        fleet = requests.get(f"{url}/sandbox/fleet", timeout=60).json()
        about, key, dealer = fleet["main_dealers"][0], fleet["keys"][0], fleet["dealers"][0]
        server = Server(about["id"], about["h1_base_url"], about["h23_base_url"], time_zone=about["timezone"],
                        outgoing=Outgoing(plain_http=True, private_addresses=True))  # fmt: skip
        now = datetime.now(UTC)
        days = [now.date() - timedelta(days=n) for n in range(2, 23)]
        records: list[dict[str, object]] = []
        for group in group_dates(days, server.range_days):
            signed = Key(key["name"], key["api_key"], key["secret_key"])
            answer = Client().call(Call(server, signed, MODULE, dealer["id"], window_of(group, server, now)))
            records += [json.loads(bytes(record)) for record in answer.records]
    return records


def _middle(pulled: list[Pulled]) -> Pulled:
    return sorted(pulled, key=lambda one: one.per_minute)[len(pulled) // 2]


def _show(title: str, turns: dict[str, list[Pulled]]) -> None:
    table = Table(title=title)
    for column in ("", "documents", "start, s", "rest, s", "documents a minute", "least, most", "ours is", "peak MB"):
        table.add_column(column, justify="left" if not column else "right")
    ours = _middle(turns["ours"])
    for name, pulled in turns.items():
        one, rates = _middle(pulled), [each.per_minute for each in pulled]
        table.add_row(
            name,
            f"{one.documents:,}",
            f"{one.start:.2f}",
            f"{one.seconds - one.start:.2f}",
            f"{one.per_minute:,.0f}",
            f"{min(rates):,.0f}, {max(rates):,.0f}",
            f"{ours.per_minute / one.per_minute:.2f} x",
            f"{max(each.peak_mb for each in pulled):,.0f}",
        )
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
