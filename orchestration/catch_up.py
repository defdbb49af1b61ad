"""Catching up by itself: whatever has been missed and can still be fetched, oldest first, a small batch at a time.

One mechanism for a new dealer's first pull, for the time that the stack was off, and for windows that failed and may
be asked for again. The sensor looks whether there is anything to do; its run does it until nothing is left or its time
is up, and holds dealers' locks and main dealers' slots for one batch only, so that nobody waits for long.
"""

import json
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day
from zoneinfo import ZoneInfo

import dagster as dg
import psycopg2
from dagster._core.storage.dagster_run import NOT_FINISHED_STATUSES

from orchestration.assets.raw import finish, pull_asked, retry_failed
from orchestration.partitions import DEALERS, in_step
from orchestration.pull.asked import Asked, Pulled
from orchestration.pull.gaps import Batch, find_gaps, next_batch
from orchestration.pull.locks import is_catch_up_held
from orchestration.registry.store import open_registry
from orchestration.reporting import Reporter
from orchestration.run_queue import BACKFILL, BY_HAND, CATCH_UP, CATCHING_UP, CLOSING, purpose_of
from orchestration.settings import SettingError, Settings, load_settings

_BATCH_CALLS = 300
_RUN_SECONDS = 600.0
# Whoever waits for a lock tries every half second.
_PAUSE_SECONDS = 1.0
_LOOK_AGAIN = timedelta(minutes=5)
# A run of somebody's own that has not ended after so long is not waited for.
_OWN_RUN_TAKES = timedelta(hours=6)


@dg.op(required_resource_keys={"watcher"})
def pull_missing(context: dg.OpExecutionContext) -> None:
    """Pull the oldest dates that are missing, batch by batch."""
    settings, until, total = load_settings(), time.monotonic() + _RUN_SECONDS, Pulled()
    while batch := _next_batch(context.instance, settings):
        share = (CLOSING if batch.is_closing else CATCHING_UP).quota_share
        # What somebody else has brought meanwhile is not asked for again: it left after all these dates had ended.
        asked = Asked(batch.dates, _today_began(settings), quota_share=share, yields=True)
        pulled = pull_asked(context, asked)
        Reporter(context.instance, context.run, pull_missing.name, planned=False).report(pulled)
        total.add(pulled)
        if not pulled.arrived or time.monotonic() > until:
            break
        time.sleep(_PAUSE_SECONDS)
    finish(context, total)


@dg.job(
    name=CATCH_UP,
    description="Pulls what was missed and can still be fetched, oldest first. Launched by the sensor of that name; "
    "launch it by hand to do it at once.",
)
def catch_up_job() -> None:
    """One run over the oldest of what is missing."""
    pull_missing()


@dg.sensor(
    name=CATCH_UP,
    job=catch_up_job,
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Finds dates that no call has covered since they ended (a new dealer, the stack was off, windows that "
    "failed) and pulls them, oldest first. What was refused for good waits until the registry is changed, what failed "
    "waits longer each time. Looks at once after a change of the registry, else every five minutes.",
)
def catch_up(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
    """Ask for a run when something is missing that may be asked for now."""
    try:
        settings = load_settings()
        url = _warehouse_url(settings)
    except SettingError as unusable:
        return dg.SkipReason(str(unusable))
    if is_catch_up_held(url):
        return dg.SkipReason("a first pull of everything is under way")
    if _not_ended(context.instance, CATCH_UP):
        return dg.SkipReason("the last run has not ended yet")
    now, change, last = datetime.now(UTC), _newest_change(url), _Cursor.read(context.cursor)
    if last.change == change and now - last.looked_at < _LOOK_AGAIN:
        return dg.SkipReason(f"nothing was missing at {last.looked_at:%H:%M:%S} UTC")
    with open_registry(settings, url=settings.loader()) as registry:
        lacking, _ = in_step(context.instance, [dealer.id for dealer in registry.dealers()])
    batch = _next_batch(context.instance, settings, also=lacking)
    if batch is None:
        context.update_cursor(_Cursor(change, now).written())
        return dg.SkipReason("nothing is missing that may be asked for now")
    if not batch.is_closing and (others := _own_runs(context.instance, now)):
        return dg.SkipReason(f"waits for run {others[0].run_id}, which somebody launched")
    tags = {"catch_up/oldest": batch.oldest.isoformat()}
    return dg.SensorResult(
        run_requests=[dg.RunRequest(tags=tags)],
        dynamic_partitions_requests=[DEALERS.build_add_request(lacking)] if lacking else [],
    )


@dataclass(frozen=True)
class _Cursor:
    """The registry's newest change when nothing was missing, and when that was."""

    change: int
    looked_at: datetime

    @classmethod
    def read(cls, text: str | None) -> "_Cursor":
        change, looked_at = json.loads(text) if text else (0, "1970-01-01T00:00:00+00:00")
        return cls(change, datetime.fromisoformat(looked_at))

    def written(self) -> str:
        return json.dumps([self.change, self.looked_at.isoformat()])


def _next_batch(instance: dg.DagsterInstance, settings: Settings, also: Sequence[str] = ()) -> Batch | None:
    """The next batch over dealers that have their partitions, or are about to get them."""
    gaps = find_gaps(_warehouse_url(settings), datetime.now(UTC), CATCHING_UP.quota_share, CLOSING.quota_share)
    there = {*instance.get_dynamic_partitions(DEALERS.name or ""), *also}
    return next_batch((gap for gap in gaps if gap.dealer_id in there), _BATCH_CALLS)


def _today_began(settings: Settings) -> datetime:
    """When the latest local day of any main dealer began."""
    now = datetime.now(UTC)
    with open_registry(settings, url=settings.loader()) as registry:
        zones = {ZoneInfo(main_dealer.time_zone) for main_dealer in registry.main_dealers()}
    return max(datetime.combine(now.astimezone(zone), time_of_day.min, zone) for zone in zones).astimezone(UTC)


def _newest_change(warehouse_url: str) -> int:
    with closing(psycopg2.connect(warehouse_url)) as connection, connection.cursor() as cursor:
        cursor.execute("select coalesce(max(id), 0) from registry.change")
        (newest,) = cursor.fetchone() or (0,)
    return int(newest)


def _not_ended(instance: dg.DagsterInstance, job_name: str) -> bool:
    filters = dg.RunsFilter(job_name=job_name, statuses=NOT_FINISHED_STATUSES)
    return bool(instance.get_run_records(filters, limit=1))


def _own_runs(instance: dg.DagsterInstance, now: datetime) -> list[dg.DagsterRun]:
    """Runs that pull and were launched by somebody, as they are or in a backfill, and have not ended."""
    filters = dg.RunsFilter(statuses=NOT_FINISHED_STATUSES, created_after=now - _OWN_RUN_TAKES)
    return [
        run
        for run in instance.get_runs(filters)
        if purpose_of(run.job_name, run.tags) in (BY_HAND, BACKFILL) and _pulls(run)
    ]


def _pulls(run: dg.DagsterRun) -> bool:
    if run.asset_selection:
        return any(key.path[0] == "raw" for key in run.asset_selection)
    return run.job_name in ("pull", "pull_and_transform", retry_failed.name)


def _warehouse_url(settings: Settings) -> str:
    return settings.loader().set(drivername="postgresql").render_as_string(hide_password=False)
