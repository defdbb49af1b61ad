"""The code location that `workspace.yaml` names. Evaluated when Dagster loads it, not when it is imported."""

import dagster as dg

from orchestration.assets.checks import build_quality_checks, freshness
from orchestration.assets.dbt_models import build_dbt_assets, dbt_project, dbt_resource
from orchestration.assets.raw import pull, raw_documents, retry_failed
from orchestration.automation import build_jobs, dealer_partitions, new_loads, pull_schedule, quality_schedule
from orchestration.backup_job import back_up_daily, back_up_databases
from orchestration.pull.watcher import Watcher
from orchestration.retention import apply_retention, retention_weekly
from orchestration.settings import load_settings


def build_definitions(watcher: Watcher) -> dg.Definitions:
    """All assets, jobs, schedules and sensors. `watcher` hears how a pull goes, beside the run's own log."""
    project = dbt_project(load_settings())
    checks = [freshness, build_quality_checks(project)]
    return dg.Definitions(
        assets=[raw_documents, build_dbt_assets(project)],
        asset_checks=checks,
        jobs=[pull, retry_failed, back_up_databases, apply_retention, *build_jobs(dg.AssetSelection.checks(*checks))],
        schedules=[pull_schedule, quality_schedule, back_up_daily, retention_weekly],
        sensors=[dealer_partitions, new_loads],
        resources={"dbt": dbt_resource(project), "watcher": watcher},
        # A step of its own process would cost five seconds more; what goes side by side does so inside the step.
        executor=dg.in_process_executor,
    )


@dg.definitions
def definitions() -> dg.Definitions:
    """The code location."""
    return build_definitions(Watcher())
