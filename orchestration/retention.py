"""What is not kept for ever: what Dagster's runs logged, and records that could not be used.

Documents are never removed. Superset sees to its own log (superset/log_retention.py).
Dagster's own retention covers ticks, not events. What tells which partitions are there stays: the newest events of each
partition, other events of assets, runs. Twelve pulls a day report each partition 24 times.
"""

from contextlib import closing

import dagster as dg
import psycopg2
from psycopg2 import sql
from sqlalchemy import make_url

from dlt_sources.dgi.raw_schema import ERASE, MAINTENANCE_SETTING
from orchestration.settings import Settings, load_settings

_MAINTENANCE = sql.Identifier(*MAINTENANCE_SETTING.split("."))

EVENTS = "Dagster's events"
# Runs that go on keep theirs.
_OLD = """
    from event_logs as e
    where e.timestamp < (now() at time zone 'UTC') - make_interval(days => %s)
        and not exists (
            select from runs as r where r.run_id = e.run_id
                and r.status in ('QUEUED', 'NOT_STARTED', 'MANAGED', 'STARTING', 'STARTED', 'CANCELING')
        )
"""
_OLD_EVENTS = f"{_OLD} and e.asset_key is null"

SUPERSEDED = "events of partitions that have newer ones"
# Whether a partition is there or has failed, Dagster tells by the newest event of each kind.
_OLD_SUPERSEDED = f"""
    {_OLD}
        and e.dagster_event_type in ('ASSET_MATERIALIZATION', 'ASSET_MATERIALIZATION_PLANNED', 'ASSET_OBSERVATION')
        and e.asset_key is not null and e.partition is not null
        and exists (
            select from event_logs as newer
            where newer.asset_key = e.asset_key and newer.dagster_event_type = e.dagster_event_type
                and newer.partition = e.partition and newer.id > e.id
        )
"""
_REMOVE = """
    with removed as (delete {} returning e.id),
    tags as (delete from asset_event_tags where event_id in (select id from removed))
    select count(*) from removed
"""

# What it held may be personal. That there was one, why it was not used and the hash by which it is known again stay.
REJECTED = "rejected records"
_COUNT_REJECTED = """
    select count(*) from raw.rejected_record
    where received_at < now() - make_interval(days => %s) and payload <> 'null'
"""
_EMPTY_REJECTED = """
    update raw.rejected_record set payload = 'null'
    where received_at < now() - make_interval(days => %s) and payload <> 'null'
"""


def apply(settings: Settings, dry_run: bool) -> dict[str, int]:
    """Remove what is older than KEEP_LOGS_DAYS, and empty rejected records older than KEEP_REJECTED_DAYS.

    With `dry_run` only count them. Returns the rows of each, by what they are. A database whose address is not set here
    is left alone.
    """
    found = {}
    if settings.dagster_database_url:
        for what, old in ((EVENTS, _OLD_EVENTS), (SUPERSEDED, _OLD_SUPERSEDED)):
            found[what] = _remove_events(settings.dagster_database_url, old, settings.keep_logs_days, dry_run)
    if settings.warehouse_url:
        found[REJECTED] = _empty_rejected(settings, dry_run)
    return found


def _remove_events(url: str, old: str, days: int, dry_run: bool) -> int:
    address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with closing(psycopg2.connect(address)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(f"select count(*) {old}" if dry_run else _REMOVE.format(old), (days,))
        return int(cursor.fetchall()[0][0])


def _empty_rejected(settings: Settings, dry_run: bool) -> int:
    """As the warehouse's owner: raw is only ever added to by everybody else, and by the owner but for this."""
    address = settings.warehouse().set(drivername="postgresql").render_as_string(hide_password=False)
    with closing(psycopg2.connect(address)) as connection, connection, connection.cursor() as cursor:
        cursor.execute("select to_regclass('raw.rejected_record') is not null")
        if cursor.fetchone() != (True,):
            return 0
        cursor.execute(_COUNT_REJECTED, (settings.keep_rejected_days,))
        ((count,),) = cursor.fetchall()
        if count and not dry_run:  # an update of nothing would be noted in raw.maintenance, too
            cursor.execute(sql.SQL("set local {} = {}").format(_MAINTENANCE, sql.Literal(ERASE)))
            cursor.execute(_EMPTY_REJECTED, (settings.keep_rejected_days,))
    return int(count)


class RetentionConfig(dg.Config):
    """Whether to remove, or only to count."""

    dry_run: bool = False


@dg.op
def remove_what_is_old(context: dg.OpExecutionContext, config: RetentionConfig) -> None:
    """Remove events older than KEEP_LOGS_DAYS, empty old rejected records; with `dry_run` count them."""
    settings = load_settings()
    for what, rows in apply(settings, config.dry_run).items():
        days, done = (
            (settings.keep_rejected_days, "emptied") if what == REJECTED else (settings.keep_logs_days, "removed")
        )
        context.log.info(f"{what}: {rows} rows older than {days} days {f'would be {done}' if config.dry_run else done}")


@dg.job(
    description="Removes Dagster's events older than KEEP_LOGS_DAYS, all but the newest of each partition, and empties "
    "records that could not be used and are older than KEEP_REJECTED_DAYS; `dry_run` only counts."
)
def apply_retention() -> None:
    """Remove what is not kept for ever."""
    remove_what_is_old()


retention_weekly = dg.ScheduleDefinition(
    name="retention_weekly",
    job=apply_retention,
    cron_schedule="20 2 * * 0",
    execution_timezone="Asia/Jakarta",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Every Sunday night. Documents are never removed.",
)
