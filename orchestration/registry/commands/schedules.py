"""`dealers schedule ...`: when which dealers are pulled."""

from collections.abc import Callable
from typing import Any

import click

from dlt_sources.dgi.endpoints import ENDPOINTS
from orchestration.registry.commands.terminal import given, print_outcome, print_table, state
from orchestration.registry.rules import RegistryError
from orchestration.registry.schedules import (
    add_schedule,
    dealers_of,
    edit_schedule,
    schedule,
    schedules,
    time_of_day,
    when,
    whom,
)
from orchestration.registry.store import open_registry
from orchestration.settings import load_settings

_ALL = "all"


def _what_and_when(command: Any) -> Any:
    options: list[Callable[[Any], Any]] = [
        click.option("--main-dealer", "main_dealer_id", help="The dealers of this main dealer."),
        click.option("--key", help="Of that main dealer only the dealers of this group."),
        click.option("--dealer", "dealer_id", help="One dealer."),
        click.option("--module", "modules", multiple=True, help="A module to pull; may be repeated; default all."),
        click.option("--every-hours", type=int, help="Every so many hours, counted from midnight."),
        click.option("--daily-at", help="Every day at this time, HH:MM."),
        click.option("--cron", help="Five fields: minute, hour, day, month, weekday."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


@click.group("schedule")
def schedule_commands() -> None:
    """Fetch schedules: when which dealers are pulled. Times are the main dealer's; the narrowest schedule counts."""


@schedule_commands.command("add")
@click.option("--name", required=True)
@_what_and_when
def _add(name: str, **options: Any) -> None:
    """Add a schedule, for all dealers unless a main dealer, a group or a dealer is named."""
    scope = {option: options.pop(option) for option in ("main_dealer_id", "key", "dealer_id")}
    with open_registry(load_settings()) as registry:
        entry = add_schedule(registry, name, **dealers_of(registry, **scope), **_values(options))
        click.echo(f"fetch schedule {entry.name} added: {whom(entry)}, {when(entry)}")


@schedule_commands.command("edit")
@click.argument("name")
@click.option("--name", "new_name", help="Another name.")
@click.option("--all-dealers", is_flag=True, help="For all dealers.")
@_what_and_when
def _edit(name: str, new_name: str | None, all_dealers: bool, **options: Any) -> None:
    """Change a schedule. Whom it is for is given whole: a group with its main dealer."""
    scope = {option: options.pop(option) for option in ("main_dealer_id", "key", "dealer_id")}
    if all_dealers and any(scope.values()):
        raise RegistryError("--all-dealers leaves no room for a main dealer, a group or a dealer")
    values = _values(options) | given({"name": new_name})
    with open_registry(load_settings()) as registry:
        if all_dealers or any(scope.values()):
            values |= dealers_of(registry, **scope)
        print_outcome(edit_schedule(registry, schedule(registry, name), **values), f"fetch schedule {name}")


@schedule_commands.command("list")
def _list() -> None:
    """List the schedules."""
    with open_registry(load_settings()) as registry:
        rows = [
            (s.name, whom(s), when(s), ", ".join(s.modules) if s.modules else _ALL, state(s.is_enabled))
            for s in schedules(registry)
        ]
    print_table(("name", "for", "when", "modules", "state"), rows)


@schedule_commands.command("disable")
@click.argument("name")
def _disable(name: str) -> None:
    """Stop pulling by a schedule."""
    _change(name, is_enabled=False)


@schedule_commands.command("enable")
@click.argument("name")
def _enable(name: str) -> None:
    """Pull by a schedule again."""
    _change(name, is_enabled=True)


def _change(name: str, **values: Any) -> None:
    with open_registry(load_settings()) as registry:
        print_outcome(edit_schedule(registry, schedule(registry, name), **values), f"fetch schedule {name}")


def _values(options: dict[str, Any]) -> dict[str, Any]:
    values = given(options)
    if "daily_at" in values:
        values["daily_at"] = time_of_day(values["daily_at"])
    if "modules" in values:
        asked = values["modules"]
        values["modules"] = list(ENDPOINTS) if asked == (_ALL,) else list(dict.fromkeys(asked))
    return values
