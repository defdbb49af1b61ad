"""`dealers alerts ...`: a test message, and the incidents."""

from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import click
import psycopg2

from orchestration.registry.commands.terminal import print_table
from orchestration.settings import SettingError, Settings, load_settings

_OFF = "Alerts are off: ALERT_URLS is not set (docs/alerts.md). Incidents are kept all the same."
_INCIDENTS = """
    select
        incident.first_seen_at, incident.kind, incident.main_dealer_id, incident.details ->> 'title',
        jsonb_array_length(incident.details -> 'dealers'), incident.details ->> 'error', incident.announced_at,
        incident.closed_at
    from registry.incident as incident
    where incident.closed_at is null or %(all)s
    order by incident.first_seen_at desc, incident.id desc
    limit %(limit)s
"""
_WAITING = """
    select written_at, title, attempts, error from registry.alert_message where ended_at is null order by id limit 20
"""


@click.group("alerts")
def alert_commands() -> None:
    """Incidents, and the messages about them."""


@alert_commands.command("test")
def _test() -> None:
    """Send a test message to every address of ALERT_URLS, and say what came of it."""
    from orchestration.alerts.delivery import destinations  # imports Apprise, which takes a second

    settings = load_settings()
    if not settings.alert_urls:
        raise SettingError("ALERT_URLS is not set: write addresses such as mailtos://... into .env (docs/alerts.md)")
    title = "Test of the alerts"
    body = f"This is a test. Messages of the dealer dashboard at {settings.dagster_url} arrive here."
    failed = False
    for address in destinations(settings):
        why = address.send(title, body)
        click.echo(f"{address.name}: {why or 'sent'}", err=bool(why))
        failed = failed or bool(why)
    if failed:
        raise click.exceptions.Exit(1)


@alert_commands.command("list")
@click.option("--all", "everything", is_flag=True, help="Those that are over as well.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="How many of the newest.")
def _list(everything: bool, limit: int) -> None:
    """List the incidents that are open, and messages that wait."""
    settings = load_settings()
    rows = _read(settings, _INCIDENTS, {"all": everything, "limit": limit})
    waiting = _read(settings, _WAITING, {}) if settings.alert_urls else []
    if rows:
        print_table(
            ("since", "kind", "main dealer", "what", "dealers", "error", "told", "over"),
            [(_at(since), *rest, _at(told), _at(over)) for since, *rest, told, over in rows],
        )
    else:
        click.echo("No incident is open.")
    for written_at, title, attempts, error in waiting:
        click.echo(f"Waiting since {_at(written_at)}: «{title}», tried {attempts} times{f': {error}' if error else ''}")
    if not settings.alert_urls:
        click.echo(_OFF)


def state_in_words(settings: Settings) -> str:
    """A line for `make status`: whether alerts are on, and how many incidents are open where that can be told."""
    said = "Alerts are on." if settings.alert_urls else _OFF
    try:
        rows = _read(settings, "select count(*) from registry.incident where closed_at is null", {})
    except (psycopg2.Error, SettingError):
        return said
    return f"{said} Open incidents: {rows[0][0]:,}" + (" (uv run dealers alerts list)." if rows[0][0] else ".")


def _read(settings: Settings, query: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    url = settings.loader().set(drivername="postgresql").render_as_string(hide_password=False)
    with closing(psycopg2.connect(url, connect_timeout=5)) as connection, connection.cursor() as cursor:
        cursor.execute(query, values)
        return list(cursor.fetchall())


def _at(moment: datetime | None) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if moment else ""
