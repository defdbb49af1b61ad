"""The queue is Dagster's: people come first, then schedules, then what is made up for; it outlives the daemon."""

import os
from pathlib import Path

import dagster as dg
import pytest
from dagster_api import running_dagster
from pipeline_support import BOOK, Sandbox, Warehouse
from servers import unused_port

from orchestration.pull.locks import holding_catch_up
from orchestration.registry.store import open_registry
from orchestration.run_queue import BACKFILL, BY_HAND, CATCHING_UP, SCHEDULED, Purpose, purpose_of
from orchestration.settings import Settings

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

PRIORITY = "dagster/priority"


@pytest.fixture(scope="module", autouse=True)
def partitions(settings: Settings) -> None:
    with open_registry(settings) as registry, dg.DagsterInstance.get() as instance:
        instance.add_dynamic_partitions("dealer", [dealer.id for dealer in registry.dealers()])


@pytest.mark.parametrize(
    ("job", "tags", "expected"),
    [
        ("pull", {}, BY_HAND),
        ("retry_failed", {}, BY_HAND),
        ("pull", {"dagster/schedule_name": "pull_yesterday_and_today"}, SCHEDULED),
        ("transform", {"dagster/sensor_name": "new_loads"}, SCHEDULED),
        ("catch_up", {"dagster/sensor_name": "catch_up"}, CATCHING_UP),
        ("__ASSET_JOB", {"dagster/backfill": "abcdefgh"}, BACKFILL),
    ],
)
def test_what_a_run_is_for(job: str, tags: dict[str, str], expected: Purpose) -> None:
    assert purpose_of(job, tags) is expected
    assert BY_HAND.priority > SCHEDULED.priority > CATCHING_UP.priority > BACKFILL.priority


@pytest.mark.stories
def test_a_queue_outlives_the_daemon_and_lets_people_go_first(
    settings: Settings, sandbox: Sandbox, warehouse: Warehouse, instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    """Entered while no daemon runs, in the wrong order; the webserver ends too before both come back."""
    dealers = sandbox.dealers(BOOK)

    def of(dealer: str) -> dict[str, object]:
        return {"ops": {"dgi": {"config": {"modules": ["prsp"], "days": 1, "dealers": [dealer]}}}}

    schedule = {"dagster/schedule_name": "pull_yesterday_and_today"}
    with running_dagster(dict(os.environ), unused_port(), tmp_path, daemon=False) as api:
        last = api.launch("pull", of(dealers[0]), {"dagster/backfill": "by a test"})
        middle = api.launch("pull", of(dealers[1]), schedule)
        first = api.launch("pull", of(dealers[2]))
        chosen = api.launch("pull", of(dealers[3]), {**schedule, PRIORITY: "5"})
    runs = {run_id: instance.get_run_by_id(run_id) for run_id in (last, middle, first, chosen)}
    assert {run.status for run in runs.values() if run} == {dg.DagsterRunStatus.QUEUED}
    priorities = [run.tags[PRIORITY] for run in runs.values() if run]
    assert priorities == ["-30", "-10", "0", "5"]

    with holding_catch_up(warehouse.url), running_dagster(dict(os.environ), unused_port(), tmp_path) as api:
        assert [api.wait_for_run(run_id) for run_id in runs] == ["SUCCESS"] * 4
    started = {run_id: dequeued_at(instance, run_id) for run_id in runs}
    assert sorted(runs, key=lambda run_id: started[run_id]) == [chosen, first, middle, last]
    assert warehouse.one("select count(distinct run_id) from raw.api_call where run_id = any(%s)", list(runs)) == 4


def dequeued_at(instance: dg.DagsterInstance, run_id: str) -> float:
    """When the daemon took a run out of the queue and launched it."""
    records = instance.get_records_for_run(run_id, of_type=dg.DagsterEventType.PIPELINE_STARTING).records
    return records[0].event_log_entry.timestamp
