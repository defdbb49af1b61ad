"""One day of every dealer in 15 modules, in one run launched like the UI launches it: where does the time go?

Sizes S, M and L are 12, 100 and 1,000 dealers: 180, 1,500 and 15,000 partitions. Dagster's part is what the same
partitions cost beside the fetching and loading: planning them at launch, and reporting them at the end. It is compared
with a bare loop that only asks the same server for the same windows.
"""

import click
import psycopg2
from rich.console import Console
from rich.table import Table

from benchmarks.fleet import Fleet, bare_client, fleet_of, yesterday
from dlt_sources.dgi.endpoints import ENDPOINTS
from orchestration.pull.asked import partition_key

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
    with fleet_of(size) as fleet:
        floor = bare_client(fleet, [yesterday()])
        times = _one_run(fleet)
        again = _one_run(fleet)
    _show(size, len(fleet.dealers) * len(ENDPOINTS), floor, {"first run": times, "again, nothing new": again})


def _one_run(fleet: Fleet) -> dict[str, float]:
    api = fleet.api
    backfill = api.backfill(list(ENDPOINTS), [partition_key(yesterday(), dealer_id) for dealer_id in fleet.dealers])
    assert api.wait_for_backfill(backfill, 900) == ["SUCCESS"]
    run = api.ask(
        """query($id: String!) { partitionBackfillOrError(backfillId: $id) {
            ... on PartitionBackfill { runs { runId creationTime startTime endTime } } } }""",
        id=backfill,
    )["partitionBackfillOrError"]["runs"][0]
    with psycopg2.connect(fleet.dagster) as connection, connection.cursor() as cursor:
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
