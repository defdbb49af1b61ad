"""`dealers add`, `edit`, `list`, `show`, `enable`, `disable`, and the CSV files of `import` and `export`."""

import sys
from pathlib import Path
from typing import Any

import click

from orchestration.registry.commands.terminal import given, print_fields, print_outcome, print_table, state
from orchestration.registry.dealer_files import export_dealers, import_dealers
from orchestration.registry.models import Dealer
from orchestration.registry.rules import RegistryError
from orchestration.registry.store import open_registry
from orchestration.settings import load_settings


@click.command("add")
@click.option("--main-dealer", "main_dealer_id", required=True, help="Main dealer code.")
@click.option("--dealer-id", required=True, help="Dealer number with its leading zeros.")
@click.option("--name", required=True)
@click.option("--key", required=True, help="Dealer group whose key fetches it.")
@click.option("--city")
def _add(main_dealer_id: str, dealer_id: str, name: str, key: str, city: str | None) -> None:
    """Add a dealer."""
    with open_registry(load_settings()) as registry:
        registry.add_dealer(dealer_id, name, main_dealer_id, key, city=city)
    click.echo(f"dealer {dealer_id} added; its partitions appear in Dagster within a minute")


@click.command("edit")
@click.argument("dealer_id")
@click.option("--name")
@click.option("--city", help="'' for none.")
@click.option("--main-dealer", "main_dealer_id", help="Another main dealer; give its --key too.")
@click.option("--key", help="Dealer group whose key fetches it.")
def _edit(dealer_id: str, main_dealer_id: str | None, key: str | None, **values: Any) -> None:
    """Change a dealer, or give it the key that it lacks."""
    values = given(values)
    with open_registry(load_settings()) as registry:
        dealer = registry.dealer(dealer_id)
        if key or main_dealer_id not in (None, dealer.main_dealer_id):
            values |= registry.place(main_dealer_id or dealer.main_dealer_id, key)
        print_outcome(registry.edit(dealer, **values), f"dealer {dealer_id}")


@click.command("list")
@click.option("--main-dealer", "main_dealer_id", help="Only those of this main dealer.")
def _list(main_dealer_id: str | None) -> None:
    """List the dealers; those that lack a key say so."""
    with open_registry(load_settings()) as registry:
        if main_dealer_id:
            registry.main_dealer(main_dealer_id)
        rows = [
            (d.id, d.name, d.city, d.main_dealer_id, d.api_key.name if d.api_key else "lacks a key", _state(d))
            for d in registry.dealers()
            if main_dealer_id in (None, d.main_dealer_id)
        ]
    print_table(("dealer", "name", "city", "main dealer", "key", "state"), rows)


@click.command("show")
@click.argument("dealer_id")
def _show(dealer_id: str) -> None:
    """Show everything of a dealer."""
    with open_registry(load_settings()) as registry:
        d = registry.dealer(dealer_id)
        fields = {
            "dealer": d.id,
            "name": d.name,
            "city": d.city,
            "main dealer": d.main_dealer and f"{d.main_dealer.id} {d.main_dealer.name}",
            "key": d.api_key.name if d.api_key else "lacks a key",
            "state": _state(d),
            "added": f"{d.created_at:%Y-%m-%d %H:%M %Z}",
        }
    print_fields(fields)


@click.command("disable")
@click.argument("dealer_id")
def _disable(dealer_id: str) -> None:
    """Stop pulling a dealer; its data stays.

    Its partitions and their history stay in Dagster as well.
    """
    _change(dealer_id, is_enabled=False)


@click.command("enable")
@click.argument("dealer_id")
def _enable(dealer_id: str) -> None:
    """Pull a dealer again."""
    _change(dealer_id, is_enabled=True)


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only show each row's verdict.")
def _import(file: Path, dry_run: bool) -> None:
    """Import dealers from a CSV file, all rows or none.

    The columns are those that `export` writes. A dealer that is there already is changed; a column that the file has
    not leaves what it would say as it is.
    """
    verdicts = import_dealers(load_settings(), file, dry_run)
    print_table(("row", "dealer", "verdict"), [(v.row, v.dealer_id, v.text) for v in verdicts])
    if refused := sum(v.is_refused for v in verdicts):
        raise RegistryError(f"{refused} of {len(verdicts)} rows are refused; nothing was imported")
    click.echo("dry run: nothing was changed" if dry_run else f"{len(verdicts)} rows imported")


@click.command("export")
def _export() -> None:
    """Write all dealers as CSV to standard output."""
    export_dealers(load_settings(), sys.stdout)


dealer_commands = (_add, _edit, _list, _show, _disable, _enable, _import, _export)


def _change(dealer_id: str, **values: Any) -> None:
    with open_registry(load_settings()) as registry:
        print_outcome(registry.edit(registry.dealer(dealer_id), **values), f"dealer {dealer_id}")


def _state(dealer: Dealer) -> str:
    if dealer.is_enabled and dealer.main_dealer and not dealer.main_dealer.is_enabled:
        return "main dealer disabled"
    if dealer.is_enabled and dealer.api_key and not dealer.api_key.is_enabled:
        return "key disabled"
    return state(dealer.is_enabled)
