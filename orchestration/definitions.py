"""The code location that `workspace.yaml` names. Evaluated when Dagster loads it, not when it is imported."""

import dagster as dg

from orchestration.alerts.sensor import alerts
from orchestration.assets.checks import build_quality_checks, freshness
from orchestration.assets.dbt_models import build_dbt_assets, dbt_project, dbt_resource
from orchestration.assets.drift import documented_fields
from orchestration.assets.raw import pull, raw_documents, retry_failed
from orchestration.automation import build_jobs, dealer_partitions, new_loads, quality_schedule, registry_dealers
from orchestration.backup_job import back_up_daily, back_up_databases
from orchestration.catch_up import catch_up, catch_up_job
from orchestration.fetch_schedules import fetch_schedules, pull_schedule
from orchestration.pull.watcher import Watcher
from orchestration.retention import apply_retention, retention_weekly
from orchestration.run_launcher import watched_executor
from orchestration.settings import load_settings


def build_definitions(watcher: Watcher) -> dg.Definitions:
    """All assets, jobs, schedules and sensors. `watcher` hears how a pull goes, beside the run's own log."""
    project = dbt_project(load_settings())
    checks = [freshness, documented_fields, build_quality_checks(project)]
    return dg.Definitions(
        assets=[raw_documents, build_dbt_assets(project)],
        asset_checks=checks,
        jobs=[
            *(pull, retry_failed, catch_up_job, back_up_databases, apply_retention),
            *build_jobs(dg.AssetSelection.checks(*checks)),
        ],
        schedules=[pull_schedule, quality_schedule, back_up_daily, retention_weekly],
        sensors=[dealer_partitions, catch_up, fetch_schedules, new_loads, registry_dealers, alerts],
        resources={"dbt": dbt_resource(project), "watcher": watcher},
        executor=watched_executor,
    )


@dg.definitions
def definitions() -> dg.Definitions:
    """The code location."""
    return build_definitions(Watcher())
