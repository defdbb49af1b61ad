"""What is not kept for ever: what Dagster's runs logged, Superset's trail of clicks, records that could not be used.

Documents are never removed.
Dagster's own retention covers ticks, not events. What tells which partitions are there stays: events of assets, runs.
"""

from contextlib import closing

import dagster as dg
import psycopg2
from psycopg2 import sql
from sqlalchemy import make_url

from dlt_sources.dgi.raw_schema import ERASE, MAINTENANCE_SETTING
from orchestration.settings import Settings, load_settings

_MAINTENANCE = sql.Identifier(*MAINTENANCE_SETTING.split("."))

# What is removed -> setting with the address, table, and which of its rows. Runs that go on keep theirs.
_REMOVED = {
    "Dagster's events": (
        "dagster_database_url",
        """from event_logs as e where e.asset_key is null
            and e.timestamp < (now() at time zone 'UTC') - make_interval(days => %s)
            and not exists (
                select from runs as r where r.run_id = e.run_id
                    and r.status in ('QUEUED', 'NOT_STARTED', 'MANAGED', 'STARTING', 'STARTED', 'CANCELING')
            )""",
        "event_logs",
    ),
    "Superset's log": (
        "superset_database_url",
        "from logs where dttm < localtimestamp - make_interval(days => %s)",
        "logs",
    ),
}

_COUNT = {what: f"select count(*) {rows}" for what, (_, rows, _) in _REMOVED.items()}
_DELETE = {what: f"delete {rows}" for what, (_, rows, _) in _REMOVED.items()}


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
    days = settings.keep_logs_days
    found = {}
    for what, (setting, _, table) in _REMOVED.items():
        if not (url := getattr(settings, setting)):
            continue
        address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        with closing(psycopg2.connect(address)) as connection, connection, connection.cursor() as cursor:
            # A database in which nothing has run yet has no tables.
            cursor.execute("select to_regclass(%s) is not null", (table,))
            if cursor.fetchone() == (True,):
                cursor.execute(_COUNT[what] if dry_run else _DELETE[what], (days,))
                found[what] = int(cursor.fetchall()[0][0]) if dry_run else int(cursor.rowcount)
    if settings.warehouse_url:
        found[REJECTED] = _empty_rejected(settings, dry_run)
    return found


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
    """Remove events and logs older than KEEP_LOGS_DAYS, empty old rejected records; with `dry_run` count them."""
    settings = load_settings()
    for what, rows in apply(settings, config.dry_run).items():
        days, done = (
            (settings.keep_rejected_days, "emptied") if what == REJECTED else (settings.keep_logs_days, "removed")
        )
        context.log.info(f"{what}: {rows} rows older than {days} days {f'would be {done}' if config.dry_run else done}")


@dg.job(
    description="Removes Dagster's events and Superset's log older than KEEP_LOGS_DAYS, and empties records that could "
    "not be used and are older than KEEP_REJECTED_DAYS; `dry_run` only counts."
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
