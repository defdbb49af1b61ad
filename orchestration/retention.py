"""What is not kept for ever: what Dagster's runs logged, and Superset's trail of clicks. Documents are never removed.

Dagster's own retention covers ticks, not events. What tells which partitions are there stays: events of assets, runs.
"""

from contextlib import closing

import dagster as dg
import psycopg2
from sqlalchemy import make_url

from orchestration.settings import Settings, load_settings

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


def apply(settings: Settings, days: int, dry_run: bool) -> dict[str, int]:
    """Remove what is older than `days`; with `dry_run` only count it. Returns the rows of each, by what they are.

    A database whose address is not set here is left alone.
    """
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
    return found


class RetentionConfig(dg.Config):
    """Whether to remove, or only to count."""

    dry_run: bool = False


@dg.op
def remove_what_is_old(context: dg.OpExecutionContext, config: RetentionConfig) -> None:
    """Remove events and logs older than KEEP_LOGS_DAYS; with `dry_run` count them."""
    settings = load_settings()
    for what, rows in apply(settings, settings.keep_logs_days, config.dry_run).items():
        done = "would be removed" if config.dry_run else "removed"
        context.log.info(f"{what}: {rows} rows older than {settings.keep_logs_days} days {done}")


@dg.job(description="Removes Dagster's events and Superset's log older than KEEP_LOGS_DAYS; `dry_run` only counts.")
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
