"""What Dagster says has failed: a job whose newest run failed, and checks of what is stored."""

from collections.abc import Iterable
from datetime import UTC, datetime

import dagster as dg
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus
from dagster._core.storage.tags import WILL_RETRY_TAG

from orchestration.alerts.finding import Finding, Kind
from orchestration.automation import CHECK_QUALITY, TRANSFORM

_ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE]
_ASSET_RUNS = "__ASSET_JOB"  # of backfills from Dagster's page: many things under one name
_REMEDIES = {
    TRANSFORM: "What was fetched is safe in raw, but dashboards stay as they were. Its page says which model or test "
    "failed; the next loads start it again.",
    "back_up": "Its page says why; the databases' backups so far are kept. Make room or mend the cause.",
}
_REMEDY = "Its page says why. Mend the cause, then launch it again."
_KILLED = "the run ended without a word of its own: its process was killed or never started"
_SHOWN = 5


def failed_runs(instance: dg.DagsterInstance, jobs: Iterable[str]) -> list[Finding]:
    """Jobs whose newest run that ended has failed. Partitions that failed are no failed run: calls tell of those."""
    found = []
    for job in sorted(set(jobs)):
        records = instance.get_run_records(dg.RunsFilter(job_name=job, statuses=_ENDED), limit=1)
        if job == _ASSET_RUNS or not records or records[0].dagster_run.is_success:
            continue
        why = _why(instance, records[0].dagster_run.run_id)
        if why is None:
            continue
        found.append(
            Finding(
                kind=Kind.RUN,
                cause=job,
                title=f"the job {job} has failed",
                error=why,
                remedy=_REMEDIES.get(job, _REMEDY),
                at_once=records[0].dagster_run.tags.get(WILL_RETRY_TAG) == "false",  # else it is launched again
                since=datetime.fromtimestamp(records[0].end_time or records[0].create_timestamp.timestamp(), UTC),
                rerun=(job, f"runs/{records[0].dagster_run.run_id}"),
            )
        )
    return found


def failed_checks(instance: dg.DagsterInstance, keys: Iterable[dg.AssetCheckKey]) -> list[Finding] | None:
    """The checks of what is stored that found an error when they last ran; warnings are for Dagster's page only.

    None while they are running.
    """
    newest = instance.event_log_storage.get_latest_asset_check_execution_by_key(list(keys))
    wrong, since = [], []
    for key, record in newest.items():
        if record.status is AssetCheckExecutionRecordStatus.PLANNED:
            return None
        event = record.event.dagster_event if record.event else None
        evaluation = event.asset_check_evaluation_data if event else None
        if evaluation and not evaluation.passed and evaluation.severity is dg.AssetCheckSeverity.ERROR:
            wrong.append(key.name)
            since.append(datetime.fromtimestamp(record.create_timestamp, UTC))
    if not wrong:
        return []
    more = f" and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
    return [
        Finding(
            kind=Kind.QUALITY,
            cause=CHECK_QUALITY,
            title="checks of what is stored have failed",
            error=f"errors were found by {len(wrong)}: {', '.join(sorted(wrong)[:_SHOWN])}{more}",
            remedy="Each check's page in Dagster (Assets, the model, Checks) says what it found and of which dealers.",
            since=min(since),
            rerun=(CHECK_QUALITY,),
        )
    ]


def _why(instance: dg.DagsterInstance, run_id: str) -> str | None:
    """How a run failed, by its step and the kind of error; None when it was partitions of a pull.

    The error's own text is for the run's page: what a database or a server said may hold anything.
    """
    for entry in instance.all_logs(run_id, of_type=dg.DagsterEventType.STEP_FAILURE):
        failure = entry.dagster_event.step_failure_data if entry.dagster_event else None
        if failure and failure.user_failure_data and "arrived" in failure.user_failure_data.metadata:
            return None
        error = failure.error if failure else None
        while error and error.cause:
            error = error.cause
        kind = error.cls_name if error and error.cls_name else "an error"
        return f"the step {entry.step_key} ended with {kind}"
    return _KILLED
