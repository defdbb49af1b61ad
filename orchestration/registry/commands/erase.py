"""`dealers erase`: one person's data, everywhere, on request."""

import click

from dlt_sources.dgi.personal import CUSTOMER_KEY, IDENTITY_NUMBER, PHONE
from orchestration.registry.commands.terminal import print_table
from orchestration.registry.rules import RegistryError
from orchestration.settings import load_settings

_ASK = "-"


@click.command("erase")
@click.option("--dealer", "dealer_id", required=True, help="Dealer number.")
@click.option("--customer-key", help="The customer's key in the marts.")
@click.option("--phone", is_flag=False, flag_value=_ASK, help="The person's telephone number; alone, it is asked for.")
@click.option("--identity-number", is_flag=False, flag_value=_ASK, help="The person's identity number; the same.")
@click.option("--yes", is_flag=True, help="Do it; without it, only show what would be erased.")
@click.option("--no-transform", is_flag=True, help="Leave core and marts to the next transform.")
@click.pass_context
def erase_command(
    ctx: click.Context,
    dealer_id: str,
    customer_key: str | None,
    phone: str | None,
    identity_number: str | None,
    yes: bool,
    no_transform: bool,
) -> None:
    """Erase one person's data at a dealer from raw, core, restricted and marts.

    On the command line others of this machine can see a number: leave it out, and it is asked for or read from
    standard input.
    """
    given = {CUSTOMER_KEY: customer_key, PHONE: phone, IDENTITY_NUMBER: identity_number}
    known = {name: value for name, value in given.items() if value is not None}
    if len(known) != 1:
        raise click.UsageError("give one of --customer-key, --phone and --identity-number")
    ((criterion, value),) = known.items()
    from orchestration import erasure  # imports the source, which takes a moment

    if value == _ASK:
        value = str(click.prompt(criterion.replace("_", " "), hide_input=True, err=True))
    settings = load_settings()
    found = erasure.find(settings, dealer_id, criterion, value)
    if not found.documents:
        raise RegistryError(f"dealer {dealer_id} has no document with this {criterion.replace('_', ' ')}")
    documents = found.by_module()
    print_table(("module", "documents", "versions"), [(m, documents[m], found.versions[m]) for m in sorted(documents)])
    if not yes:
        click.echo("nothing was erased: with --yes it is")
        return
    changed = erasure.erase(settings, dealer_id, criterion, found)
    click.echo(f"{changed} versions in raw are without personal data")
    if no_transform:
        click.echo("core and marts follow with the next transform")
        return
    from orchestration.by_hand import transform_by_hand  # imports Dagster, which takes seconds

    ctx.exit(0 if transform_by_hand(settings) else 1)
