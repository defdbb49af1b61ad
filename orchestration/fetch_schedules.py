"""Pulling on schedule: every two hours by default, and by the registry's own fetch schedules where there are any."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import dagster as dg

from orchestration.assets.raw import pull
from orchestration.registry.due import assigned, by_dealer, by_default, due
from orchestration.registry.store import open_registry
from orchestration.settings import SettingError, load_settings


@dg.schedule(
    name="pull_yesterday_and_today",
    job=pull,
    cron_schedule="10 */2 * * *",
    execution_timezone="Asia/Jakarta",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Pulls yesterday, which is complete, and refreshes today, for every enabled dealer that has no fetch "
    "schedule of its own. One call covers both days, so a dealer's 15 modules cost 180 calls a day.",
)
def pull_schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """Ask for a run over what no fetch schedule names."""
    try:
        settings = load_settings()
        with open_registry(settings, url=settings.loader()) as registry:
            modules = by_default(assigned(registry))
    except SettingError as unusable:
        return dg.SkipReason(str(unusable))
    if modules is None:
        return dg.RunRequest()
    if not modules:
        return dg.SkipReason("every dealer has a fetch schedule of its own")
    return dg.RunRequest(run_config=_config(modules))


@dg.sensor(
    job=pull,
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Pulls yesterday and today of the dealers whose own fetch schedules are due, in one run. A time that "
    "passed while the daemon was down is made up for once.",
)
def fetch_schedules(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
    """Ask for one run over everything that has become due since the cursor."""
    now = datetime.now(UTC)
    if not context.cursor:  # never looked before: what was due earlier was not ours
        context.update_cursor(now.isoformat())
        return dg.SkipReason("looking from now on")
    try:
        settings = load_settings()
        with open_registry(settings, url=settings.loader()) as registry:
            places, reasons = due(assigned(registry), datetime.fromisoformat(context.cursor), now)
    except SettingError as unusable:
        return dg.SkipReason(str(unusable))
    if not places:
        context.update_cursor(now.isoformat())
        return dg.SkipReason("no fetch schedule is due")
    # The key keeps a time from being pulled twice when the daemon dies between the run and the cursor.
    request = dg.RunRequest(run_key=" ".join(reasons), run_config=_config(by_dealer(places)))
    return dg.SensorResult(run_requests=[request], cursor=now.isoformat())


def _config(modules_by_dealer: Mapping[str, list[str]]) -> dict[str, Any]:
    return {"ops": {"dgi": {"config": {"modules_by_dealer": dict(modules_by_dealer)}}}}
