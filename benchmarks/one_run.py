"""One day of every dealer in 15 modules, in one run launched like the UI launches it: where does the time go?

Sizes S, M and L are 12, 100 and 1,000 dealers: 180, 1,500 and 15,000 partitions. Dagster's part is what the same
partitions cost beside the fetching and loading: planning them at launch, and reporting them at the end. It is compared
with a bare loop that only asks the same server for the same windows.
"""

import os
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import psycopg2
import requests
from cryptography.fernet import Fernet
from rich.console import Console
from rich.table import Table
from sqlalchemy import make_url

from dlt_sources.dgi.client import Client
from dlt_sources.dgi.endpoints import ENDPOINTS
from dlt_sources.dgi.server import Call
from dlt_sources.dgi.windows import today, window_of
from orchestration.pull.asked import partition_key
from orchestration.registry.credentials import Access, read_access
from orchestration.registry.fleet import register
from orchestration.registry.migrate import migrate
from orchestration.settings import ROOT, Settings, load_settings
from stack import postgres

sys.path.insert(0, str(ROOT / "tests"))
from dagster_api import DagsterApi, running_dagster
from servers import running_sandbox, unused_port

_EVENTS = """
    select dagster_event_type, extract(epoch from min(timestamp)), extract(epoch from max(timestamp)), count(*)
    from event_logs
    where run_id = %s and dagster_event_type is not null
    group by dagster_event_type
"""


@click.command()
@click.option("--size", type=click.Choice(["S", "M", "L"]), default="S")
def main(size: str) -> None:
    """Measure one run over every dealer."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = stack.enter_context(postgres.throwaway(folder, unused_port(), "throwaway"))
        sandbox = stack.enter_context(running_sandbox("--size", size, "--days", "30"))
        settings = _settings(server, folder)
        migrate(settings)
        register(settings, requests.get(f"{sandbox}/sandbox/fleet", timeout=60).json())
        dealers = [d["id"] for d in requests.get(f"{sandbox}/sandbox/fleet", timeout=60).json()["dealers"]]
        from dagster import DagsterInstance  # reads the home that the settings name

        with DagsterInstance.get() as instance:
            instance.add_dynamic_partitions("dealer", dealers)
        api = stack.enter_context(running_dagster(dict(os.environ), unused_port(), folder))
        floor = _fetch_only(settings)
        times = _one_run(api, settings, dealers)
        again = _one_run(api, settings, dealers)
    _show(size, len(dealers) * len(ENDPOINTS), floor, {"first run": times, "again, nothing new": again})


def _settings(server: str, folder: Path) -> Settings:
    with closing(psycopg2.connect(server)) as connection:
        connection.autocommit = True
        for name in ("warehouse", "dagster"):
            connection.cursor().execute(f"create database {name}")
    os.environ["VAR_DIR"] = str(folder / "var")
    os.environ["WAREHOUSE_URL"] = make_url(server).set(database="warehouse").render_as_string(hide_password=False)
    os.environ["DAGSTER_DATABASE_URL"] = make_url(server).set(database="dagster").render_as_string(hide_password=False)
    os.environ["DGI_ENCRYPTION_KEY"] = Fernet.generate_key().decode()
    settings = load_settings()
    os.environ.update(settings.environment())
    home = Path(os.environ["DAGSTER_HOME"])
    home.mkdir(parents=True)
    (home / "dagster.yaml").symlink_to(ROOT / "orchestration" / "dagster.yaml")
    return settings


def _fetch_only(settings: Settings) -> float:
    """Seconds that a bare client takes for the same windows, once the sandbox has made them up."""
    now = datetime.now(UTC)
    calls = [
        Call(access.server, access.key, module, dealer_id, window_of([_day(access, now)], access.server, now))
        for dealer_id, access in read_access(settings).items()
        if isinstance(access, Access)
        for module in ENDPOINTS
        if module in access.server.modules
    ]

    def fetch_all() -> float:
        started = time.monotonic()
        with ThreadPoolExecutor(8) as pool:
            clients = [Client() for _ in range(8)]
            for answer in pool.map(lambda n: clients[n % 8].call(calls[n]), range(len(calls))):
                assert answer.outcome.arrived, answer.reason
        return time.monotonic() - started

    fetch_all()
    return fetch_all()


def _day(access: Access, now: datetime) -> Any:
    return today(access.server, now) - timedelta(days=1)


def _one_run(api: DagsterApi, settings: Settings, dealers: list[str]) -> dict[str, float]:
    day = (datetime.now(UTC) + timedelta(hours=7)).date() - timedelta(days=1)
    backfill = api.backfill(list(ENDPOINTS), [partition_key(day, dealer_id) for dealer_id in dealers])
    assert api.wait_for_backfill(backfill, 900) == ["SUCCESS"]
    run = api.ask(
        """query($id: String!) { partitionBackfillOrError(backfillId: $id) {
            ... on PartitionBackfill { runs { runId creationTime startTime endTime } } } }""",
        id=backfill,
    )["partitionBackfillOrError"]["runs"][0]
    url = make_url(settings.require("dagster_database_url")).set(drivername="postgresql")
    with psycopg2.connect(url.render_as_string(hide_password=False)) as connection, connection.cursor() as cursor:
        cursor.execute(_EVENTS, (run["runId"],))
        events = {kind: (float(first), float(last), count) for kind, first, last, count in cursor.fetchall()}
        cursor.execute("select extract(epoch from create_timestamp) from runs where run_id = %s", (run["runId"],))
        created = float((cursor.fetchone() or (0,))[0])
    planned, reported = events["ASSET_MATERIALIZATION_PLANNED"], events["ASSET_MATERIALIZATION"]
    pulling = reported[0] - events["STEP_START"][0]
    return {
        "planning the partitions at launch": planned[1] - min(planned[0], created),
        "starting the run's process": events["STEP_START"][0] - events["PIPELINE_STARTING"][0],
        "calls, load and count": pulling,
        "reporting the partitions": events["PIPELINE_SUCCESS"][0] - reported[0],
        "partitions reported": reported[2],
    }


def _show(size: str, partitions: int, floor: float, runs: dict[str, dict[str, float]]) -> None:
    console = Console()
    table = Table(title=f"size {size}: {partitions:,} partitions in one run, seconds")
    table.add_column("")
    for name in runs:
        table.add_column(name, justify="right")
    for part in next(iter(runs.values())):
        table.add_row(part, *(f"{run[part]:,.1f}" for run in runs.values()))
    dagster = [run["planning the partitions at launch"] + run["reporting the partitions"] for run in runs.values()]
    table.add_row("Dagster's part: planning + reporting", *(f"{seconds:,.1f}" for seconds in dagster))
    table.add_row("a bare client that only fetches", *(f"{floor:,.1f}" for _ in runs))
    ratios = (run["calls, load and count"] / floor for run in runs.values())
    table.add_row("calls, load and count : bare client", *(f"{ratio:.2f}" for ratio in ratios))
    console.print(table)


if __name__ == "__main__":
    main()
