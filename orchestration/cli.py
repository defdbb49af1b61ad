"""`uv run dealers`: the registry, the pull and the doctor from the command line."""

from typing import Any

import click
import psycopg2
from sqlalchemy.exc import DBAPIError

from dlt_sources.dgi.endpoints import ENDPOINTS
from orchestration.alerts.commands import alert_commands
from orchestration.backup import BackupError, back_up
from orchestration.registry.commands.dealers import dealer_commands
from orchestration.registry.commands.doctor import doctor_command
from orchestration.registry.commands.erase import erase_command
from orchestration.registry.commands.history import history_command
from orchestration.registry.commands.keys import key_commands
from orchestration.registry.commands.main_dealers import main_dealer_commands
from orchestration.registry.commands.schedules import schedule_commands
from orchestration.registry.rules import RegistryError
from orchestration.registry.store import open_registry
from orchestration.registry.troubles import database_in_words
from orchestration.settings import SettingError, Settings, load_settings


class _Mistake(click.ClickException):
    """What a person can mend, as one sentence; the exit code is 1."""

    def show(self, file: Any = None) -> None:
        click.echo(f"dealers: {self.message}", err=True)


class _InWords(click.Group):
    """Ends with a sentence where the settings, the registry or the database stand in the way."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (BackupError, RegistryError, SettingError) as error:
            raise _Mistake(str(error)) from error
        except (DBAPIError, psycopg2.Error) as error:
            sentence = database_in_words(error)
            if sentence is None:
                raise
            raise _Mistake(sentence) from error


@click.group(cls=_InWords)
def cli() -> None:
    """Administer main dealers, keys and dealers, and pull their documents.

    In this order: main-dealer add, key add, add.
    """


@cli.command()
def migrate() -> None:
    """Create or update the registry's and the raw tables."""
    from orchestration.registry.migrate import migrate as run  # imports dlt, which takes seconds

    run(load_settings())


@cli.command()
@click.option("--from", "first", type=click.DateTime(["%Y-%m-%d"]), required=True, help="First local date.")
@click.option("--to", "last", type=click.DateTime(["%Y-%m-%d"]), required=True, help="Last local date.")
@click.option("--dealer", "dealers", multiple=True, help="Dealer number; may be repeated. Default: all enabled.")
@click.option(
    "--module",
    "modules",
    multiple=True,
    type=click.Choice(list(ENDPOINTS)),
    metavar="MODULE",
    help="DGI module such as prsp; may be repeated. Default: all.",
)
@click.option("--no-transform", is_flag=True, help="Leave the dbt models as they are.")
@click.pass_context
def pull(
    ctx: click.Context, first: Any, last: Any, dealers: tuple[str, ...], modules: tuple[str, ...], no_transform: bool
) -> None:
    """Pull documents by hand: the same assets and partitions as in Dagster, recorded there too."""
    if first > last:
        raise click.BadParameter("is later than --to", param_hint="--from")
    settings = load_settings()
    _check_readiness(settings, dealers)
    from orchestration.by_hand import pull_by_hand  # imports Dagster, which takes seconds

    arrived = pull_by_hand(settings, first.date(), last.date(), list(dealers), list(modules), not no_transform)
    ctx.exit(0 if arrived else 1)


def _check_readiness(settings: Settings, dealers: tuple[str, ...]) -> None:
    """Tell at once, in a sentence, what a pull would stumble over after seconds."""
    for name in ("warehouse_url", "dagster_database_url", "dgi_encryption_key"):
        settings.require(name)
    home = settings.var / "dagster_home"
    if not home.is_dir():
        raise SettingError(f"Dagster's folder {home} is not there: run `make up` first")
    with open_registry(settings) as registry:
        if not registry.dealers():
            raise RegistryError("there is no dealer in the registry yet: `uv run dealers add`")
        for dealer_id in dealers:
            registry.dealer(dealer_id)


@cli.command()
@click.option("--keep", type=click.IntRange(min=1), help="How many backups are kept. Default: BACKUP_KEEP (7).")
def backup(keep: int | None) -> None:
    """Back up all databases of the stack into a folder of its own, and remove the oldest backups."""
    settings = load_settings()
    folder = back_up(settings, keep or settings.backup_keep, click.echo)
    click.echo(f"Backed up to {folder}. The keys are not in it: keep {settings.credentials_file} elsewhere, safely.")


cli.add_command(main_dealer_commands)
cli.add_command(key_commands)
cli.add_command(schedule_commands)
cli.add_command(erase_command)
cli.add_command(history_command)
cli.add_command(alert_commands)
cli.add_command(doctor_command)
for command in dealer_commands:
    cli.add_command(command)


def main() -> None:
    """The entry point."""
    cli()


if __name__ == "__main__":
    main()
