"""The backup of every night, as a Dagster job: its runs say how large it was, and failed ones stand out."""

import dagster as dg

from orchestration.backup import back_up
from orchestration.settings import load_settings


@dg.op
def dump_databases(context: dg.OpExecutionContext) -> None:
    """Back up all databases and remove the oldest backups."""
    settings = load_settings()
    folder = back_up(settings, settings.backup_keep, context.log.info)
    sizes = {file.stem: dg.MetadataValue.int(file.stat().st_size) for file in sorted(folder.glob("*.dump"))}
    context.add_output_metadata({"folder": dg.MetadataValue.path(folder), **sizes})


@dg.job(name="back_up", description="Backs up the warehouse, Dagster's and Superset's databases; keeps the last ones.")
def back_up_databases() -> None:
    """Back up all databases."""
    dump_databases()


back_up_daily = dg.ScheduleDefinition(
    name="back_up_daily",
    job=back_up_databases,
    cron_schedule="40 1 * * *",
    execution_timezone="Asia/Jakarta",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Backs up every night, between two pulls. BACKUP_DIR says where to, BACKUP_KEEP how many are kept.",
)
