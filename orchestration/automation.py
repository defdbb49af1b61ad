"""What happens by itself beside pulling: keeping partitions in step with the registry, transforming new loads."""

import json
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import dagster as dg
import psycopg2
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition
from dagster._core.execution.plan.resume_retry import ReexecutionStrategy
from dagster._core.storage.tags import RETRY_ON_ASSET_OR_OP_FAILURE_TAG, RETRY_STRATEGY_TAG, SENSOR_NAME_TAG

from orchestration.partitions import DEALERS, in_step
from orchestration.pull.locks import is_pull_under_way
from orchestration.registry.rules import RegistryError
from orchestration.registry.store import open_registry
from orchestration.settings import SettingError, load_settings

TRANSFORM = "transform"
CHECK_QUALITY = "check_quality"

# A transform that failed leaves tables behind until the next load, and repeating it asks nobody for anything: it is
# launched again, as often as a run whose process was killed. All of it, for dbt takes what is not taken yet anyway.
_AGAIN = {RETRY_ON_ASSET_OR_OP_FAILURE_TAG: "true", RETRY_STRATEGY_TAG: ReexecutionStrategy.ALL_STEPS.value}

# Loads become visible neither in the order of their ids nor in that of their times, so the cursor also names those that
# it has seen lately; no load takes this long from its time to its commit.
_LATELY = timedelta(hours=1)
# A pull of a day commits many loads within a minute or two. Marts are made whole, so they are made when it has ended; a
# pull of a month is not waited for.
_WAITS_FOR_PULL = timedelta(minutes=2)
_LOADS_SINCE = """
    select
        l.load_id,
        l.inserted_at,
        exists (
            select from raw.api_call as a
            where a._dlt_load_id = l.load_id and a.new_versions + a.deleted > 0
        )
    from raw._dlt_loads as l
    where l.status = 0 and l.inserted_at > %(since)s and l.load_id <> all(%(seen)s)
    order by l.inserted_at
"""
_NEWEST_LOAD = "select max(inserted_at) from raw._dlt_loads where status = 0"
# The number of the newest change, when core's dealers are not those of the registry.
_DEALERS_DIFFER = """
    select max(id) from registry.change
    where exists (
        select id, name, city, main_dealer_id, is_enabled from registry.dealer
        except
        select id, name, city, main_dealer_id, is_enabled from core.dealer
    )
"""

quality_schedule = dg.ScheduleDefinition(
    name="check_quality_daily",
    job_name=CHECK_QUALITY,
    cron_schedule="30 5 * * *",
    execution_timezone="Asia/Jakarta",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Checks all that is stored before the working day begins, an hour after a pull.",
)


def build_jobs(stored: dg.AssetSelection) -> list[UnresolvedAssetJobDefinition]:
    """The jobs over models. `stored` are the checks of all that is stored: of no job but their own."""
    return [
        dg.define_asset_job(
            TRANSFORM,
            selection=dg.AssetSelection.groups("staging", "core", "marts") - stored,
            description="Builds and tests the dbt models from what has been loaded.",
            tags=_AGAIN,
        ),
        dg.define_asset_job(
            "pull_and_transform",
            selection=dg.AssetSelection.all() - stored,
            description="Pulls the chosen partitions and transforms what came, in one run.",
        ),
        dg.define_asset_job(
            CHECK_QUALITY,
            selection=stored,
            description="Checks what is stored: whether raw, staging and core agree, sums, codes, links, and which "
            "dealers are late. Nothing is pulled or built.",
        ),
    ]


@dg.sensor(
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Gives every registered dealer its partition, and enters dealers that were added in Dagster's own "
    "dialog into the registry, where they are shown as lacking a key.",
)
def dealer_partitions(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
    """Keep the partitions and the registry in step."""
    try:
        settings = load_settings()
        with open_registry(settings, changed_by="dagster") as registry:
            lacking, unregistered = in_step(context.instance, [dealer.id for dealer in registry.dealers()])
            for dealer_id in unregistered:
                try:
                    registry.add_dealer(dealer_id, f"Dealer {dealer_id} (added in Dagster)")
                except RegistryError as refused:
                    context.log.warning(f"partition «{dealer_id}» is not taken into the registry: {refused}")
    except SettingError as unusable:
        return dg.SkipReason(str(unusable))
    if not lacking:
        return dg.SkipReason("partitions and registry are in step")
    return dg.SensorResult(dynamic_partitions_requests=[DEALERS.build_add_request(lacking)])


@dg.sensor(
    job_name=TRANSFORM,
    minimum_interval_seconds=5,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Transforms when something new has been loaded, once for all loads that committed since the last time: "
    "when the pull that brings it has loaded all, or goes on for longer than two minutes.",
)
def new_loads(context: dg.SensorEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """Ask for a transform when a load with documents has committed since the cursor."""
    try:
        url = load_settings().loader().set(drivername="postgresql").render_as_string(hide_password=False)
    except SettingError as unusable:
        yield dg.SkipReason(str(unusable))
        return
    cursor = _Cursor.read(context.cursor)
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as query:
        query.execute(_LOADS_SINCE, {"since": cursor.newest - _LATELY, "seen": list(cursor.lately)})
        loads = query.fetchall()
    with_documents = [(load_id, inserted_at) for load_id, inserted_at, has_documents in loads if has_documents]
    if with_documents and _transform_waits(context.instance):
        # The cursor stays: should that one be cancelled, another is asked for.
        yield dg.SkipReason("a transform is in the queue, and will take what has been loaded")
        return
    if with_documents and datetime.now(UTC) - with_documents[0][1] < _WAITS_FOR_PULL and is_pull_under_way(url):
        yield dg.SkipReason("a pull is under way: what it brings is transformed at its end, or after two minutes")
        return
    context.update_cursor(cursor.moved({load_id: inserted_at for load_id, inserted_at, _ in loads}).written())
    if with_documents and not _transformed_since(context.instance, with_documents[-1][1]):
        yield dg.RunRequest(run_key=with_documents[-1][0])
    else:
        yield dg.SkipReason("nothing new has been loaded")


@dg.sensor(
    job_name=TRANSFORM,
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Transforms when the registry's dealers differ from those that dashboards show: one has a new name, or "
    "was disabled and is to be hidden.",
)
def registry_dealers(context: dg.SensorEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """Ask for a transform when the models' dealers are not the registry's."""
    try:
        url = load_settings().transformer().set(drivername="postgresql").render_as_string(hide_password=False)
    except SettingError as unusable:
        yield dg.SkipReason(str(unusable))
        return
    newest: int | None = None
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as query:
        query.execute("select to_regclass('core.dealer') is not null")
        if (query.fetchone() or (False,))[0]:
            query.execute(_DEALERS_DIFFER)
            (newest,) = query.fetchone() or (None,)
    if newest is None:
        yield dg.SkipReason("the dealers are those of the registry")
    else:
        # One transform for a change, whether or not it succeeds.
        yield dg.RunRequest(run_key=f"registry change {newest}")


@dataclass(frozen=True)
class _Cursor:
    """The time of the newest load seen, and the loads seen whose time is little before it."""

    newest: datetime
    lately: dict[str, datetime]

    @classmethod
    def read(cls, text: str | None) -> "_Cursor":
        lately = {load_id: datetime.fromisoformat(moment) for load_id, moment in json.loads(text or "{}").items()}
        return cls(max(lately.values(), default=datetime(1970, 1, 2, tzinfo=UTC)), lately)

    def moved(self, loads: Mapping[str, datetime]) -> "_Cursor":
        newest = max([self.newest, *loads.values()])
        both = {**self.lately, **loads}
        return _Cursor(newest, {load_id: moment for load_id, moment in both.items() if moment > newest - _LATELY})

    def written(self) -> str:
        return json.dumps({load_id: moment.isoformat() for load_id, moment in self.lately.items()})


def _transform_waits(instance: dg.DagsterInstance) -> bool:
    """Whether a transform is to come that has read nothing yet: a long pull commits many loads while one runs."""
    waiting = [dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.STARTING]
    return bool(instance.get_run_records(dg.RunsFilter(job_name=TRANSFORM, statuses=waiting), limit=1))


def _transformed_since(instance: dg.DagsterInstance, moment: datetime) -> bool:
    """Whether a transform has started that takes what was loaded by then, whoever asked for it."""
    alive = [dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.SUCCESS]
    records = instance.get_run_records(dg.RunsFilter(job_name=TRANSFORM, statuses=alive), limit=5)
    return any((record.start_time or 0.0) > moment.timestamp() for record in records)


def transform_ahead_of(instance: dg.DagsterInstance, run: dg.DagsterRun) -> str | None:
    """Id of the transform that has taken all that is loaded, when this run was asked for to take it.

    One that somebody launches overtakes the one that waits in the queue, which would build everything for nothing.
    """
    if run.tags.get(SENSOR_NAME_TAG) != new_loads.name:
        return None
    url = load_settings().loader().set(drivername="postgresql").render_as_string(hide_password=False)
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as query:
        query.execute(_NEWEST_LOAD)
        (newest,) = query.fetchone() or (None,)
    done = dg.RunsFilter(job_name=TRANSFORM, statuses=[dg.DagsterRunStatus.SUCCESS])
    for record in instance.get_run_records(done, limit=5):
        of_all = not record.dagster_run.asset_selection
        if newest and of_all and (record.start_time or 0.0) > newest.timestamp():
            return record.dagster_run.run_id
    return None
