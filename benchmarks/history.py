"""What years of history cost Dagster: its pages, launching a backfill, sensors, schedules and the retention.

Sizes S, M and L are 12 dealers x 30 days, 100 x 365 and 1,000 x 730. Each is measured beside a small history of 12
dealers and 30 days in a stack of its own, so that the ratio tells how cost grows with what is stored. Webserver,
daemon and browser are real; runs stay in the queue.
"""

import os
import re
import statistics
import time
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import click
import dagster as dg
import psycopg2
from rich.console import Console
from rich.table import Table

from benchmarks.charts import browsing
from benchmarks.drawing import draw_bars
from benchmarks.fleet import Fleet, fleet_of
from benchmarks.stored_history import FAILED, History, fill, history_of
from dlt_sources.dgi.endpoints import ENDPOINTS
from orchestration import retention
from orchestration.partitions import DEALERS
from orchestration.pull.asked import partition_key
from orchestration.settings import Settings, load_settings

_DAYS = {"S": 30, "M": 365, "L": 730}
# So many of the assets have a history, the others only their partitions: what a disk holds and minutes fill.
_FILLED = {"S": 15, "M": 15, "L": 4}
_MODULES = list(ENDPOINTS)
_BACKFILL_DAYS, _KEEP_DAYS = 30, 7
_TICKS_SEEN, _PATIENCE_SECONDS = 3, 1800
_REPOSITORY = {"repositoryLocationName": "dealer_dashboard", "repositoryName": "__repository__"}
_TICKS = """
query($repository: RepositorySelector!) { repositoryOrError(repositorySelector: $repository) { ... on Repository {
    schedules { name }
    sensors { name sensorState { ticks(limit: 50) { timestamp endTimestamp error { message } } } }
} } }
"""
_TRY_SCHEDULE = """
mutation($schedule: ScheduleSelector!, $at: Float) { scheduleDryRun(selectorData: $schedule, timestamp: $at) {
    ... on DryRunInstigationTick { evaluationResult { error { message } } }
} }
"""
_CANCEL = "mutation($id: String!) { cancelPartitionBackfill(backfillId: $id) { __typename } }"
_QUEUED = "select count(*) from runs where backfill_id = %s and status = 'QUEUED'"
_CANCELED = "select count(*) from bulk_actions where key = %s and status = 'CANCELED'"
_EVENTS = "select count(*), pg_total_relation_size('event_logs') / 1000000 from event_logs"

Figures = dict[str, float]


@click.command()
@click.option("--size", type=click.Choice(["S", "M", "L"]), default="S")
def main(size: str) -> None:
    """Measure a small history, then the size's."""
    console = Console()
    small, large = _measured(console, "S"), _measured(console, size)
    table = Table(title=f"{_name('S')} beside {_name(size)}, {_FILLED[size]} assets of 15 with a history; seconds")
    for column in ("", "small", f"size {size}", "ratio"):
        table.add_column(column, justify="right" if column else "left")
    for name, figure in large.items():
        shown = (f"{one:,.0f}" if name.startswith("#") else f"{one:,.2f}" for one in (small[name], figure))
        table.add_row(name.lstrip("# "), *shown, f"{figure / small[name]:,.1f}" if small[name] else "-")
    console.print(table)
    draw_bars(
        f"history-{size}",
        f"{_name(size)}: milliseconds",
        {name: 1000 * seconds for name, seconds in large.items() if name.startswith(("page", "statistics", "tick"))},
    )


def _name(size: str) -> str:
    return {"S": "12 dealers x 30 days", "M": "100 x 365", "L": "1,000 x 730"}[size]


def _measured(console: Console, size: str) -> Figures:
    """Seconds, and counts, of everything on a history; counts have a name that begins with «#»."""
    history, found = history_of(_DAYS[size]), Figures()
    modules = _MODULES[: _FILLED[size]]
    with fleet_of(size, partial(_prepare, history, modules, found), catches_up=True) as fleet:
        found["# events stored"], found["# MB of them, with indexes"] = _query(fleet, _EVENTS)
        console.print(f"{_name(size)}: {found['# events stored']:,.0f} events, load {os.getloadavg()[0]:.1f}")
        found |= _statistics(fleet, history, modules)
        found |= _pages(fleet, history)
        found |= _ticks(fleet)
        for chosen in (_MODULES[:1], _MODULES):
            found |= _backfill(fleet, history, chosen)
        found["statistics after them"] = _seconds(lambda: fleet.api.partition_stats(modules))
        found |= _retention(fleet)
    console.print(f"{_name(size)} is measured, load {os.getloadavg()[0]:.1f}")
    return found


def _prepare(history: History, modules: list[str], found: Figures, settings: Settings, dealers: list[str]) -> None:
    """Fill the databases of a stack that has not started, in which no run will."""
    os.environ["FIRST_DATE"] = history.first.isoformat()
    file = Path(os.environ["DAGSTER_HOME"], "dagster.yaml")
    text = file.read_text()
    file.unlink()
    file.write_text(re.sub(r"max_concurrent_runs: \d+", "max_concurrent_runs: 0", text))
    found["filling (no comparison)"] = _seconds(lambda: fill(settings, dealers, history, modules))


def _seconds(work: Callable[[], object]) -> float:
    started = time.monotonic()
    work()
    return time.monotonic() - started


def _wait(condition: Callable[[], object]) -> float:
    """Seconds until something holds."""
    started = time.monotonic()
    while not condition():
        if time.monotonic() - started > _PATIENCE_SECONDS:
            raise TimeoutError("it never came")
        time.sleep(0.2)
    return time.monotonic() - started


def _query(fleet: Fleet, statement: str, *values: str) -> tuple[Any, ...]:
    with closing(psycopg2.connect(fleet.dagster)) as connection, connection.cursor() as cursor:
        cursor.execute(statement, values)
        return tuple(cursor.fetchone() or ())


def _statistics(fleet: Fleet, history: History, modules: list[str]) -> Figures:
    """What Dagster itself says about the assets that have a history, which must be what was stored."""
    expected = {"numFailed": FAILED, "numMaterialized": history.days * len(fleet.dealers) - FAILED}

    def ask() -> None:
        for module, stats in fleet.api.partition_stats(modules).items():
            assert {name: stats[name] for name in expected} == expected, (module, stats)

    found = {"statistics, never counted before": _seconds(ask), "statistics, again": _seconds(ask)}
    with dg.DagsterInstance.get() as instance:
        instance.add_dynamic_partitions(DEALERS.name or "", ["99999"])
    return found | {"statistics, a dealer was added": _seconds(ask), "statistics, again then": _seconds(ask)}


def _pages(fleet: Fleet, history: History) -> Figures:
    """What a person waits for in a browser that has Dagster's scripts in its cache."""
    partitions = f"{fleet.api.url}/assets/raw/{_MODULES[0]}?view=partitions"
    with browsing() as browser:
        page = browser.new_page(viewport={"width": 1400, "height": 900})
        page.set_default_timeout(120_000)
        counted = page.get_by_text(re.compile(r"Materialized \([1-9]"))

        def opened() -> None:
            page.goto(partitions)
            counted.wait_for()

        opened()
        found = {"page of the partitions": statistics.median(_seconds(opened) for _ in range(3))}
        said = int(re.sub(r"\D", "", counted.inner_text()))
        assert said == history.days * len(fleet.dealers) - FAILED, said

        def asset() -> None:
            page.goto(partitions.partition("?")[0])
            page.get_by_text("duration_seconds").first.wait_for()

        found["page of the asset"] = statistics.median(_seconds(asset) for _ in range(3))
        page.get_by_role("button", name="Materialize…").click()
        dialog = page.get_by_role("dialog")
        found["page's dialog to materialize"] = _seconds(dialog.get_by_text("Add a partition").wait_for)
        boxes = dialog.get_by_role("button", name="All", exact=True)
        boxes.first.click()
        boxes.last.click()
        chosen = dialog.get_by_text(re.compile(r"^[1-9][\d,]* partitions$"))
        found["page's dialog, all chosen"] = _seconds(chosen.first.wait_for)
    return found


def _ticks(fleet: Fleet) -> Figures:
    """Median of each sensor's ticks in the daemon, and of trying each schedule as its page does."""
    seen: dict[str, list[float]] = {}

    def all_seen() -> bool:
        for sensor in fleet.api.ask(_TICKS, repository=_REPOSITORY)["repositoryOrError"]["sensors"]:
            ticks = sensor["sensorState"]["ticks"]
            assert not any(tick["error"] for tick in ticks), ticks
            seen[sensor["name"]] = [t["endTimestamp"] - t["timestamp"] for t in ticks if t["endTimestamp"]]
        return all(len(ticks) >= _TICKS_SEEN for ticks in seen.values())

    _wait(all_seen)
    found: Figures = {}
    for name, ticks in sorted(seen.items()):
        found[f"tick of {name}, median"] = statistics.median(ticks)
        found[f"tick of {name}, slowest"] = max(ticks)
    for schedule in fleet.api.ask(_TICKS, repository=_REPOSITORY)["repositoryOrError"]["schedules"]:
        selector = {**_REPOSITORY, "scheduleName": schedule["name"]}
        values = {"schedule": selector, "at": time.time()}
        found[f"tick of {schedule['name']}"] = _seconds(partial(fleet.api.ask, _TRY_SCHEDULE, **values))
    return found


def _backfill(fleet: Fleet, history: History, modules: list[str]) -> Figures:
    """Launch a backfill of the last days of all dealers, wait for its runs to be in the queue, and cancel it."""
    days = [history.last - timedelta(days=number) for number in range(_BACKFILL_DAYS)]
    keys = [partition_key(day, dealer_id) for day in days for dealer_id in fleet.dealers]
    started = time.monotonic()
    backfill_id = fleet.api.backfill(modules, keys)
    answered = time.monotonic()
    # A run is a rectangle of dates and dealers: Dagster makes one a date or one a dealer, whichever are fewer.
    runs = min(_BACKFILL_DAYS, len(fleet.dealers))
    _wait(lambda: _query(fleet, _QUEUED, backfill_id) == (runs,))
    made = time.monotonic()
    fleet.api.ask(_CANCEL, id=backfill_id)
    _wait(lambda: _query(fleet, _CANCELED, backfill_id) == (1,))
    what = f"backfill of {len(modules)} asset{'s' if len(modules) > 1 else ''} x {_BACKFILL_DAYS} days"
    return {
        f"# {what}: partitions": len(keys) * len(modules),
        f"{what}: answered": answered - started,
        f"{what}: its runs in the queue": made - started,
        f"# {what}: runs": runs,
        f"{what}: cancelled": time.monotonic() - made,
    }


def _retention(fleet: Fleet) -> Figures:
    """What the retention removes and how long it takes, and then Postgres to make room of it."""
    os.environ["KEEP_LOGS_DAYS"] = str(_KEEP_DAYS)
    before, _ = _query(fleet, _EVENTS)
    seconds = _seconds(lambda: retention.apply(load_settings(), dry_run=False))
    after, _ = _query(fleet, _EVENTS)
    with closing(psycopg2.connect(fleet.dagster)) as connection:
        connection.autocommit = True
        vacuum = _seconds(lambda: connection.cursor().execute("vacuum full event_logs"))
    _, megabytes = _query(fleet, _EVENTS)
    return {
        "# events before the retention": before,
        "retention": seconds,
        "retention, dry run after it": _seconds(lambda: retention.apply(load_settings(), dry_run=True)),
        "# events after it": after,
        "vacuum full": vacuum,
        "# MB after it": megabytes,
    }


if __name__ == "__main__":
    main()
