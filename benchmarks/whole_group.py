"""One day of every dealer in 15 modules, dealer by dealer and with one request for all dealers of a key.

Sizes S, M and L are 12, 100 and 1,000 dealers. Both ways pull the same day from the same server into a warehouse of
their own, one after the other; what the server makes up when it is first asked it has made up before. The last figure
is what the schedule costs a key in a day: yesterday and today, every two hours, against a quota of 1,000 requests.
"""

import os
import sys
import tempfile
import time
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import psycopg2
import requests
from cryptography.fernet import Fernet
from rich.console import Console
from rich.table import Table
from sqlalchemy import make_url

from benchmarks.drawing import draw_bars
from dlt_sources.dgi.endpoints import ENDPOINTS
from orchestration.pull.asked import Asked, Pulled
from orchestration.pull.pulling import Pull
from orchestration.registry.fleet import register
from orchestration.registry.migrate import migrate
from orchestration.registry.store import open_registry
from orchestration.settings import ROOT, Settings, load_settings
from stack import postgres

sys.path.insert(0, str(ROOT / "tests"))
from servers import running_sandbox, unused_port

PULLS_A_DAY = 12
QUOTA = 1_000
WAYS = {"dealer by dealer": False, "whole groups": True}
_OF_A_KEY = "select max(requests) from registry.key_usage"


@dataclass(frozen=True)
class Measured:
    """What one way took. Seconds are of a first pull of the day and of the same again, with nothing new."""

    requests: int
    documents: int
    first: float
    again: float
    of_a_key: int  # requests a day of the key with most dealers, by the schedule
    raw: dict[str, int]


@click.command()
@click.option("--size", type=click.Choice(["S", "M", "L"]), default="S")
def main(size: str) -> None:
    """Measure both ways of asking."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = stack.enter_context(postgres.throwaway(folder, unused_port(), "throwaway"))
        sandbox = stack.enter_context(running_sandbox("--size", size, "--days", "30"))
        fleet = requests.get(f"{sandbox}/sandbox/fleet", timeout=60).json()
        # Nothing happens at the main dealers while it is measured.
        now = datetime.now(UTC) - timedelta(minutes=1)
        requests.post(f"{sandbox}/sandbox/clock", json={"now": now.isoformat()}, timeout=60)
        # Making up journeys takes the server so long that it would refuse who asks as late.
        for dealer in fleet["dealers"]:
            requests.get(f"{sandbox}/sandbox/truth", params={"dealer": dealer["id"]}, timeout=120).raise_for_status()
        os.environ["VAR_DIR"] = str(folder / "var")
        os.environ["DGI_ENCRYPTION_KEY"] = Fernet.generate_key().decode()
        for name, whole in WAYS.items():
            _measure(_settings(server, f"warm_up_{name[:5]}", fleet, whole), fleet)
        found = {name: _measure(_settings(server, name[:5], fleet, whole), fleet) for name, whole in WAYS.items()}
    del os.environ["VAR_DIR"]  # the drawing is to stay
    alone, together = found.values()
    assert alone.raw == together.raw, "the two ways brought different documents"
    _show(size, len(fleet["dealers"]), found)
    draw_bars(
        f"whole-group-{size}",
        f"{len(fleet['dealers']):,} dealers: requests of a key in a day, of a quota of {QUOTA:,}",
        {name: one.of_a_key for name, one in found.items()} | {"quota": QUOTA},
    )


def _settings(server: str, database: str, fleet: dict[str, Any], whole: bool) -> Settings:
    with closing(psycopg2.connect(server)) as connection:
        connection.autocommit = True
        connection.cursor().execute(f'create database "{database}"')
    os.environ["WAREHOUSE_URL"] = make_url(server).set(database=database).render_as_string(hide_password=False)
    settings = load_settings()
    migrate(settings)
    register(settings, fleet)
    with open_registry(settings) as registry:
        for main_dealer in registry.main_dealers():
            registry.edit(main_dealer, whole_group_calls=whole)
        for key in registry.api_keys():
            registry.edit(key, daily_quota=1_000_000)  # so that requests are counted, and none is refused
    return settings


def _measure(settings: Settings, fleet: dict[str, Any]) -> Measured:
    today = (datetime.now(UTC) + timedelta(hours=7)).date()
    yesterday = today - timedelta(days=1)
    first, seconds = _pull(settings, fleet, [yesterday])
    _, again = _pull(settings, fleet, [yesterday])
    url = settings.warehouse().set(drivername="postgresql").render_as_string(hide_password=False)
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        raw = {}
        for module in ENDPOINTS:
            cursor.execute(f"select count(*) from raw.{module}")
            raw[module] = int((cursor.fetchone() or (0,))[0])
        cursor.execute("delete from registry.key_usage")
    _pull(settings, fleet, [yesterday, today])
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(_OF_A_KEY)
        (of_a_key,) = cursor.fetchone() or (0,)
    return Measured(first.requests, first.documents, seconds, again, of_a_key * PULLS_A_DAY, raw)


def _pull(settings: Settings, fleet: dict[str, Any], days: list[date]) -> tuple[Pulled, float]:
    asked = {(module, dealer["id"]): frozenset(days) for module in ENDPOINTS for dealer in fleet["dealers"]}
    started = time.monotonic()
    pulled = Pull(settings, Asked(asked, datetime.now(UTC)), None).run()
    assert not pulled.failed, next(iter(pulled.failed.values()))
    return pulled, time.monotonic() - started


def _show(size: str, dealers: int, found: dict[str, Measured]) -> None:
    alone, together = found.values()
    table = Table("", *found, "ratio", title=f"size {size}: one day of {dealers:,} dealers in 15 modules")
    for name, values, form in (
        ("requests", (alone.requests, together.requests), "{:,}"),
        ("documents", (alone.documents, together.documents), "{:,}"),
        ("seconds, first pull", (alone.first, together.first), "{:.1f}"),
        ("seconds, again", (alone.again, together.again), "{:.1f}"),
        ("requests of the largest key a day", (alone.of_a_key, together.of_a_key), "{:,}"),
        (f"of a quota of {QUOTA:,}, %", (alone.of_a_key * 100 / QUOTA, together.of_a_key * 100 / QUOTA), "{:.0f}"),
    ):
        table.add_row(name, *(form.format(value) for value in values), f"{values[1] / values[0]:.2f}")
    Console().print(table)


if __name__ == "__main__":
    main()
