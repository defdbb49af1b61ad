"""`dealers main-dealer ...`."""

from collections.abc import Callable
from typing import Any

import click

from dlt_sources.dgi.endpoints import ENDPOINTS
from orchestration.registry.commands.terminal import given, print_fields, print_outcome, print_table, state
from orchestration.registry.connection_test import check_connection
from orchestration.registry.rules import RegistryError
from orchestration.registry.store import open_registry
from orchestration.settings import load_settings

_ALL = "all"


def _server_options(is_new: bool) -> Callable[[Any], Any]:
    options = [
        click.option("--name", required=is_new, help="Name of the main dealer."),
        click.option("--base-url", required=is_new, help="Address; a host alone gets /dgi-api/VERSION."),
        click.option("--h23-base-url", help="Address for workshop and parts, where it differs; '' for none."),
        click.option("--version", help="DGI version in the path; default v1.3."),
        click.option("--timezone", "time_zone", help="Asia/Jakarta (the default), Asia/Makassar, Asia/Jayapura."),
        click.option("--token-separator", help="What joins key, secret and time; default nothing."),
        click.option("--range-days", type=int, help="Longest window of one request; default 7."),
        click.option("--max-age-days", type=int, help="Oldest that can be fetched; default 30."),
        click.option("--module", "modules", multiple=True, help="A module it serves; may be repeated; default all."),
        click.option("--connect-timeout", type=float, help="Seconds; default 10."),
        click.option("--answer-timeout", type=float, help="Seconds; default 60."),
        click.option("--attempts", type=int, help="Requests that a call may take; default 4."),
        click.option("--concurrency", type=int, help="Requests under way at once; default 4."),
        click.option(
            "--whole-group-calls/--no-whole-group-calls",
            default=None,
            help="Whether one request may ask for all dealers of a key; default not.",
        ),
    ]

    def decorate(command: Any) -> Any:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


@click.group("main-dealer")
def main_dealer_commands() -> None:
    """Main dealers: whose servers are asked, and how they differ."""


@main_dealer_commands.command("add")
@click.option("--id", "main_dealer_id", required=True, help="Main dealer code, such as Q7X.")
@_server_options(is_new=True)
def _add(main_dealer_id: str, **values: Any) -> None:
    """Add a main dealer."""
    with open_registry(load_settings()) as registry:
        registry.add_main_dealer(main_dealer_id, **_server_values(values))
    click.echo(f"main dealer {main_dealer_id} added")


@main_dealer_commands.command("edit")
@click.argument("main_dealer_id")
@_server_options(is_new=False)
def _edit(main_dealer_id: str, **values: Any) -> None:
    """Change settings of a main dealer.

    They apply from the next pull on.
    """
    _change(main_dealer_id, **_server_values(values))


@main_dealer_commands.command("disable")
@click.argument("main_dealer_id")
def _disable(main_dealer_id: str) -> None:
    """Stop asking a main dealer; its data stays."""
    _change(main_dealer_id, is_enabled=False)


@main_dealer_commands.command("enable")
@click.argument("main_dealer_id")
def _enable(main_dealer_id: str) -> None:
    """Ask a main dealer again."""
    _change(main_dealer_id, is_enabled=True)


@main_dealer_commands.command("list")
def _list() -> None:
    """List the main dealers."""
    with open_registry(load_settings()) as registry:
        rows = [
            (
                m.id,
                m.name,
                m.base_url,
                m.time_zone,
                m.range_days,
                m.max_age_days,
                _served(m.modules),
                state(m.is_enabled),
            )
            for m in registry.main_dealers()
        ]
    print_table(("id", "name", "base URL", "zone", "range days", "max age days", "modules", "state"), rows)


@main_dealer_commands.command("show")
@click.argument("main_dealer_id")
def _show(main_dealer_id: str) -> None:
    """Show everything of a main dealer."""
    with open_registry(load_settings()) as registry:
        m = registry.main_dealer(main_dealer_id)
        keys = [key.name for key in registry.api_keys() if key.main_dealer_id == m.id]
        dealers = sum(dealer.main_dealer_id == m.id for dealer in registry.dealers())
    print_fields(
        {
            "id": m.id,
            "name": m.name,
            "base URL": m.base_url,
            "H23 base URL": m.h23_base_url,
            "version": m.version,
            "zone": m.time_zone,
            "token separator": m.token_separator,
            "range days": m.range_days,
            "max age days": m.max_age_days,
            "modules": _served(m.modules),
            "connect timeout": f"{m.connect_timeout:g} s",
            "answer timeout": f"{m.answer_timeout:g} s",
            "attempts": m.attempts,
            "concurrency": m.concurrency,
            "whole group calls": "yes" if m.whole_group_calls else "no",
            "state": state(m.is_enabled),
            "added": f"{m.created_at:%Y-%m-%d %H:%M %Z}",
            "keys": ", ".join(keys) or "none yet",
            "dealers": dealers,
        }
    )


@main_dealer_commands.command("test")
@click.argument("main_dealer_id")
@click.option("--key", help="Only with this group's key; default: with each enabled one.")
def _test(main_dealer_id: str, key: str | None) -> None:
    """Ask once for each module that it serves, and say in words what is wrong.

    Nothing is stored. The requests count against the keys' quotas.
    """
    verdicts = check_connection(load_settings(), main_dealer_id, key)
    print_table(("key", "module", "verdict"), [(v.key, v.module, v.text) for v in verdicts])
    if failed := sum(not v.is_well for v in verdicts):
        raise RegistryError(f"{failed} of {len(verdicts)} calls to main dealer {main_dealer_id} did not go well")


def _change(main_dealer_id: str, **values: Any) -> None:
    with open_registry(load_settings()) as registry:
        print_outcome(registry.edit(registry.main_dealer(main_dealer_id), **values), f"main dealer {main_dealer_id}")


def _server_values(values: dict[str, Any]) -> dict[str, Any]:
    values = given(values)
    if "modules" in values:
        asked = values["modules"]
        values["modules"] = list(ENDPOINTS) if asked == (_ALL,) else list(dict.fromkeys(asked))
    return values


def _served(modules: list[str]) -> str:
    missing = [module for module in ENDPOINTS if module not in modules]
    if not missing:
        return _ALL
    return f"all but {', '.join(missing)}" if len(missing) < len(modules) else ", ".join(modules)
