"""Pulls one module for one dealer by itself: `python -m dlt_sources.dgi prsp --dealer 09417 --base-url URL --from …`.

The key and the secret come from DGI_API_KEY and DGI_SECRET_KEY, never from the command line, where `ps` would show
them. Without `--load` nothing is stored: what came is printed.
"""

import os
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import click

from dlt_sources.dgi.endpoints import ENDPOINTS
from dlt_sources.dgi.fetched import Fetched
from dlt_sources.dgi.fetching import Fetcher
from dlt_sources.dgi.outgoing import Outgoing
from dlt_sources.dgi.server import Call, Key, Server
from dlt_sources.dgi.windows import group_dates, window_of


@click.command()
@click.argument("module", type=click.Choice(list(ENDPOINTS)))
@click.option("--dealer", required=True, help="Dealer number, with its leading zeros.")
@click.option("--base-url", required=True, help="Address of the main dealer's server, up to the module.")
@click.option("--from", "first", type=click.DateTime(["%Y-%m-%d"]), required=True)
@click.option("--to", "last", type=click.DateTime(["%Y-%m-%d"]), required=True)
@click.option("--timezone", default="Asia/Jakarta", show_default=True)
@click.option("--range-days", default=7, show_default=True)
@click.option("--max-age-days", default=30, show_default=True)
@click.option("--token-separator", default="", help="What joins key, secret and time; DGI: nothing.")
@click.option("--stand-in", is_flag=True, help="It is no real server: plain HTTP and private addresses are allowed.")
@click.option("--load", "warehouse", help="Load into schema raw of this Postgres address as well.")
def main(
    module: str,
    dealer: str,
    base_url: str,
    first: datetime,
    last: datetime,
    timezone: str,
    range_days: int,
    max_age_days: int,
    token_separator: str,
    stand_in: bool,
    warehouse: str | None,
) -> None:
    """Pull MODULE for one dealer and print what came."""
    key = Key("command line", _required("DGI_API_KEY"), _required("DGI_SECRET_KEY"))
    server = Server(
        "command-line",
        base_url,
        h23_base_url=base_url,
        time_zone=timezone,
        range_days=range_days,
        max_age_days=max_age_days,
        token_separator=token_separator,
        outgoing=Outgoing(plain_http=stand_in, private_addresses=stand_in),
    )
    now = datetime.now(UTC)
    groups = group_dates(_dates(first.date(), last.date()), server.range_days)
    calls = [Call(server, key, module, dealer, window_of(group, server, now)) for group in groups]
    fetched = _shown(Fetcher(calls, {server.id: frozenset([dealer])}))
    if warehouse:
        from dlt_sources.dgi.loading import load  # imports dlt, which takes seconds
        from dlt_sources.dgi.source import create_tables

        create_tables(warehouse)
        loaded = load(fetched, warehouse)
        click.echo(f"{sum(ended.added for ended in loaded.calls)} new or changed documents loaded into raw.{module}")
        failed = [ended for ended in loaded.calls if not ended.outcome.arrived]
    else:
        failed = [one for one in fetched if not one.answer.outcome.arrived]  # type: ignore[misc]
    sys.exit(1 if failed else 0)


def _shown(fetched: Fetcher) -> Iterator[Fetched]:
    for one in fetched:
        answer, window = one.answer, one.call.window
        click.echo(
            f"{one.call.module} {one.call.dealer_id} {window.start:%Y-%m-%d %H:%M} to {window.end:%Y-%m-%d %H:%M}: "
            f"{answer.outcome}, {len(one.reading.documents)} documents, {len(one.reading.rejected)} rejected, "
            f"{answer.body_bytes} bytes, {answer.attempts} attempt(s)" + (f": {answer.reason}" if answer.reason else "")
        )
        for document in one.reading.documents[:3]:
            click.echo(f"  {document.key}  created {document.created}  modified {document.modified}")
        if len(one.reading.documents) > 3:
            click.echo(f"  … and {len(one.reading.documents) - 3} more")
        for rejected in one.reading.rejected[:3]:
            click.echo(f"  rejected: {rejected.reason}")
        yield one


def _dates(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def _required(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise click.UsageError(f"{name} is not set in the environment")
    return value


if __name__ == "__main__":
    main()
