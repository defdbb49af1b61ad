"""What the daemon hears of runs that failed: it launches them again, and looks at each but once."""

import time
from datetime import UTC, datetime

import dagster as dg
import pytest
from dagster import DagsterEvent, DagsterEventType, DagsterRun
from dagster._core.events.log import EventLogEntry

pytestmark = pytest.mark.slow


@dg.job
def anything() -> None: ...


def failure_of(run: DagsterRun, seconds_ago: float = 0) -> EventLogEntry:
    return EventLogEntry(
        error_info=None,
        level=40,
        user_message="it failed",
        run_id=run.run_id,
        timestamp=time.time() - seconds_ago,
        job_name=run.job_name,
        dagster_event=DagsterEvent(DagsterEventType.RUN_FAILURE.value, run.job_name, message="it failed"),
    )


def test_a_failure_is_told_once_the_status_of_the_run_says_so_too(instance: dg.DagsterInstance) -> None:
    storage = instance.event_log_storage
    begin = storage.get_maximum_record_id() or 0

    def told() -> list[str]:
        events = storage.get_logs_for_all_runs_by_log_id(begin, {DagsterEventType.RUN_FAILURE})
        return [event.run_id for event in events.values()]

    slow, quick, killed = (instance.create_run_for_job(anything) for _ in range(3))
    for run in (slow, quick):
        storage.store_event(failure_of(run))
    # What Dagster does second; the cursor may not pass the run for which it has not yet.
    for run in (quick, slow):
        assert told() == []
        instance.run_storage.handle_run_event(run.run_id, failure_of(run).get_dagster_event(), datetime.now(UTC))
    assert told() == [slow.run_id, quick.run_id]
    storage.store_event(failure_of(killed, seconds_ago=61))
    assert told() == [slow.run_id, quick.run_id, killed.run_id]


def test_other_events_are_told_at_once(instance: dg.DagsterInstance) -> None:
    storage = instance.event_log_storage
    begin = storage.get_maximum_record_id() or 0
    run = instance.create_run_for_job(anything)
    storage.store_event(failure_of(run))
    assert len(storage.get_logs_for_all_runs_by_log_id(begin)) == 1
