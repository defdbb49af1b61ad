"""`dealers history`: who changed what in the registry."""

from typing import Any

import click

from orchestration.registry.commands.terminal import print_table
from orchestration.registry.store import open_registry
from orchestration.settings import load_settings

_WHAT = {
    "main_dealer": "main dealer",
    "api_key": "key",
    "dealer": "dealer",
    "fetch_schedule": "fetch schedule",
    "user": "user",
}


@click.command("history")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="How many of the newest.")
def history_command(limit: int) -> None:
    """List who changed what and when, newest first."""
    with open_registry(load_settings()) as registry:
        rows = [
            (
                f"{change.changed_at:%Y-%m-%d %H:%M:%S %Z}",
                change.changed_by,
                f"{change.action} {_WHAT.get(change.entity, change.entity)} {change.entity_id}",
                "; ".join(_in_words(field, pair) for field, pair in change.values.items()),
            )
            for change in registry.changes(limit)
        ]
    print_table(("when", "who", "what", "fields"), rows)


def _in_words(field: str, pair: Any) -> str:
    if not isinstance(pair, list):
        return f"{field}: {pair}"
    before, after = ("none" if value is None else value for value in pair)
    return f"{field}: {after}" if pair[0] is None else f"{field}: {before} → {after}"
