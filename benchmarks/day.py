"""The day of a whole fleet: from the schedule's tick to fresh marts, and a poll that finds nothing new.

Sizes S, M and L are 12, 100 and 1,000 dealers; the schedule's pull covers yesterday and today with one call a dealer
and module. The day before has been pulled and transformed already, so both runs are those of every day. Beside it the
floor: a bare client that asks for the same windows and copies what came into one jsonb column. With `--day` it is as if
that day were today, though over: on a Sunday few documents come.
"""

import time
from collections.abc import Callable
from contextlib import closing
from datetime import date, datetime, timedelta
from typing import Any

import click
import dagster as dg
import psycopg2
from rich.console import Console
from rich.table import Table

from benchmarks.drawing import draw_bars
from benchmarks.fleet import Fleet, bare_client, fleet_of, yesterday

_SCHEDULE = {"dagster/schedule_name": "pull_yesterday_and_today"}
_RAW = """
    select count(*), sum(documents), sum(new_versions), extract(epoch from min(called_at)),
        extract(epoch from max(answered_at))
    from raw.api_call
    where run_id = %s
"""
_LAST_LOAD = """
    select extract(epoch from max(inserted_at)) from raw._dlt_loads
    where load_id in (select _dlt_load_id from raw.api_call where run_id = %s)
"""
# Longer than the sensor's interval: by then it has looked.
_SENSOR_SECONDS = 45


@click.command()
@click.option("--size", type=click.Choice(["S", "M", "L"]), default="S")
@click.option("--day", type=click.DateTime(["%Y-%m-%d"]), help="Pull this day and the one before.  [default: today]")
def main(size: str, day: datetime | None) -> None:
    """Measure one day, and a poll without news."""
    console = Console()
    last = day.date() if day else yesterday() + timedelta(days=1)
    asked = _days(last - timedelta(days=1), last) if day else {}
    with fleet_of(size) as fleet, dg.DagsterInstance.get() as instance:
        before = last - timedelta(days=2)
        console.print(f"{len(fleet.dealers):,} dealers; {before} is pulled and transformed first")
        _pulled(fleet, instance, _days(before, before))
        _transform_after(instance, 0.0)
        floor = bare_client(fleet, [last - timedelta(days=1), last], copy=True)
        tick = time.time()
        run_id = _pulled(fleet, instance, asked)
        (loaded,) = map(float, _query(fleet, _LAST_LOAD, run_id))
        transform = _transform_after(instance, loaded)
        parts, facts = _parts(fleet, instance, tick, run_id, loaded, transform)
        quiet = _quiet_poll(fleet, instance, asked)
    _show(console, size, parts, facts, floor, quiet)


def _days(first: date, last: date) -> dict[str, Any]:
    """What a pull is told to pull these days."""
    return {"ops": {"dgi": {"config": {"first": first.isoformat(), "last": last.isoformat()}}}}


def _pulled(fleet: Fleet, instance: dg.DagsterInstance, config: dict[str, Any]) -> str:
    run_id = fleet.api.launch("pull", config, _SCHEDULE)
    if fleet.api.wait_for_run(run_id, 1800) != "SUCCESS":
        failed = instance.all_logs(run_id, of_type={dg.DagsterEventType.STEP_FAILURE, dg.DagsterEventType.RUN_FAILURE})
        raise RuntimeError(f"the pull failed: {[event.message for event in failed]} {failed[0].dagster_event}")
    return run_id


def _transform_after(instance: dg.DagsterInstance, moment: float) -> str:
    """The transform that began after a moment, so that it took all that had been loaded by then, when it has ended."""

    def ended() -> str | None:
        records = instance.get_run_records(dg.RunsFilter(job_name="transform"), limit=1)
        for record in records:
            if (record.start_time or 0.0) > moment and record.dagster_run.is_finished:
                assert record.dagster_run.is_success, record.dagster_run.run_id
                return record.dagster_run.run_id
        return None

    return _wait(ended)


def _wait(condition: Callable[[], str | None]) -> str:
    deadline = time.monotonic() + 3600
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.5)
    raise TimeoutError("no transform has ended")


def _moments(instance: dg.DagsterInstance, run_id: str) -> dict[dg.DagsterEventType, tuple[float, float, int]]:
    """First and last time of each kind of event, and how many there are."""
    moments: dict[dg.DagsterEventType, tuple[float, float, int]] = {}
    for event in instance.all_logs(run_id):
        if event.dagster_event:
            kind, at = event.dagster_event.event_type, event.timestamp
            first, last, count = moments.get(kind, (at, at, 0))
            moments[kind] = (min(first, at), max(last, at), count + 1)
    return moments


def _query(fleet: Fleet, statement: str, run_id: str) -> tuple[Any, ...]:
    with closing(psycopg2.connect(fleet.warehouse)) as connection, connection.cursor() as cursor:
        cursor.execute(statement, (run_id,))
        return tuple(cursor.fetchone() or ())


def _parts(
    fleet: Fleet, instance: dg.DagsterInstance, tick: float, run_id: str, loaded: float, transform: str
) -> tuple[dict[str, float], dict[str, float]]:
    """Seconds of each part in order, and what else there is to say."""
    kind = dg.DagsterEventType
    pull, models = _moments(instance, run_id), _moments(instance, transform)
    calls, documents, new, first_call, last_answer = map(float, _query(fleet, _RAW, run_id))
    step, ended = pull[kind.STEP_START][0], pull[kind.PIPELINE_SUCCESS][1]
    reported = pull[kind.ASSET_MATERIALIZATION]
    built = models[kind.STEP_START][0]
    parts = {
        "from the tick to the run's first line": step - tick,
        "planning the calls": first_call - step,
        "calls (their answers are loaded meanwhile)": last_answer - first_call,
        "the last load": loaded - last_answer,
        "counting, and events of the partitions": ended - loaded,
        "until the sensor asks, and the transform starts": built - ended,
        "the transform": models[kind.PIPELINE_SUCCESS][1] - built,
    }
    facts = {
        "calls": calls,
        "documents": documents,
        "new": new,
        "partitions": reported[2],
        "fetch, load and events": ended - first_call,
        "tick to marts": models[kind.PIPELINE_SUCCESS][1] - tick,
        **_layers(instance, transform),
    }
    return parts, facts


def _layers(instance: dg.DagsterInstance, transform: str) -> dict[str, float]:
    """Seconds of the models of each layer, one after the other; several are built side by side."""
    layers: dict[str, float] = {}
    for event in instance.all_logs(transform, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION):
        made = event.asset_materialization
        if made and (duration := made.metadata.get("Execution Duration")):
            layer = f"models of {made.asset_key.path[0]}, summed"
            layers[layer] = layers.get(layer, 0.0) + float(str(duration.value))
    return layers


def _quiet_poll(fleet: Fleet, instance: dg.DagsterInstance, asked: dict[str, Any]) -> dict[str, float]:
    """The same pull again: its seconds, the rows that it added, and the transforms that it caused."""
    started = time.time()
    run_id = _pulled(fleet, instance, asked)
    seconds = time.time() - started
    time.sleep(_SENSOR_SECONDS)
    transforms = instance.get_run_records(dg.RunsFilter(job_name="transform"), limit=10)
    _, documents, new, *_ = map(float, _query(fleet, _RAW, run_id))
    return {
        "seconds": seconds,
        "documents": documents,
        "new": new,
        "transforms": sum(record.create_timestamp.timestamp() > started for record in transforms),
    }


def _show(
    console: Console,
    size: str,
    parts: dict[str, float],
    facts: dict[str, float],
    floor: float,
    quiet: dict[str, float],
) -> None:
    table = Table(title=f"size {size}: {facts['calls']:,.0f} calls, {facts['partitions']:,.0f} partitions")
    table.add_column("")
    table.add_column("seconds", justify="right")
    for part, seconds in parts.items():
        table.add_row(part, f"{seconds:,.1f}")
    table.add_row("tick to fresh marts", f"{facts['tick to marts']:,.1f}", style="bold")
    for name, seconds in facts.items():
        if name.startswith("models of"):
            table.add_row(name, f"{seconds:,.1f}")
    table.add_row("fetch, load and events", f"{facts['fetch, load and events']:,.1f}")
    table.add_row("the floor: a bare client that fetches and copies", f"{floor:,.1f}")
    table.add_row("fetch, load and events : floor", f"{facts['fetch, load and events'] / floor:.2f}")
    console.print(table)
    console.print(
        f"{facts['documents']:,.0f} documents came, {facts['new']:,.0f} of them new. The same again, without news: "
        f"{quiet['seconds']:,.1f} s, {quiet['documents']:,.0f} documents came, {quiet['new']:,.0f} rows were added, "
        f"{quiet['transforms']:.0f} transforms followed."
    )
    draw_bars(f"day-{size}", f"the day of size {size}: seconds", parts)


if __name__ == "__main__":
    main()
