"""The sensor that looks for what is wrong and sends what is written. It runs in the code location's process."""

import time
from contextlib import closing
from datetime import UTC, datetime, timedelta

import dagster as dg
import psycopg2

from orchestration.alerts.incidents import alone, keep
from orchestration.alerts.survey import survey
from orchestration.automation import CHECK_QUALITY
from orchestration.settings import SettingError, load_settings

# Looking may take this part of the time: a survey that took a second is made again after twenty.
_SHARE = 20
_LONGEST_QUERY = "30s"


@dg.sensor(
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Looks for what is wrong (failed and late calls, dates about to be lost, quotas, failed runs, records "
    "that cannot be used, disk, backups), keeps it as incidents, and sends a message for each to ALERT_URLS.",
)
def alerts(context: dg.SensorEvaluationContext) -> dg.SkipReason:
    """Look, keep, send; say in a line what came of it."""
    from orchestration.alerts.delivery import deliver, destinations  # imports Apprise, which every run would wait for

    now = datetime.now(UTC)
    try:
        settings = load_settings()
        url = settings.loader().set(drivername="postgresql").render_as_string(hide_password=False)
        addresses = destinations(settings)
    except SettingError as unusable:
        return dg.SkipReason(str(unusable))
    with closing(psycopg2.connect(url, application_name="alerts", connect_timeout=10)) as connection:
        connection.autocommit = True
        said = []
        if context.cursor is None or datetime.fromisoformat(context.cursor) <= now:
            said.append(_look(context, connection, now))
        done = deliver(connection, addresses, now)
    if done.sent:
        said.append(f"messages sent: {done.sent}")
    said += [f"{name} does not take messages: {why}" for name, why in (done.errors or {}).items()]
    for line in said:
        context.log.info(line)
    return dg.SkipReason("; ".join(said) or "nothing is due")


def _look(context: dg.SensorEvaluationContext, connection: "psycopg2.extensions.connection", now: datetime) -> str:
    """Survey and keep, unless somebody else is at it; the cursor says when the next is due."""
    settings, repository = load_settings(), context.repository_def
    assert repository
    with alone(connection) as nobody_else:
        if not nobody_else:
            return "somebody else is looking"
        with connection.cursor() as cursor:
            cursor.execute("select set_config('statement_timeout', %s, false)", (_LONGEST_QUERY,))
        started = time.monotonic()
        checks = repository.get_job(CHECK_QUALITY).asset_layer.asset_graph.asset_check_keys
        found = survey(settings, connection, context.instance, repository.job_names, checks)
        count = keep(connection, found, settings, now)
        context.update_cursor((now + timedelta(seconds=_SHARE * (time.monotonic() - started))).isoformat())
    said = f"open incidents: {count}"
    return said + "".join(f"; {kind} could not be looked at ({why})" for kind, why in found.unknown.items())
