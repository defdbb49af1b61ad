"""The two databases: connections that only read, and a person's confinement by Postgres itself."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from data_api.people import Person
from data_api.problems import Problem

# `api_reader`, a member, becomes it for a transaction: row security then shows the dealers of the user's name alone.
DEALER_ROLE = "api_dealer_reader"
_CONFINE = "select set_config('role', $1, true), set_config('dealer_dashboard.user_name', $2, true)"
_SECONDS_TO_WAIT = 30


class _Connection(asyncpg.Connection):
    """One that is handed back as it is: whatever we set ends with its transaction."""

    def get_reset_query(self) -> str:
        return ""


async def open_pool(url: str, connections: int, statement_seconds: int) -> asyncpg.Pool:
    """Connections to a database, made when they are needed: the API starts before what it reads is there."""
    return await asyncpg.create_pool(
        _for_asyncpg(url),
        min_size=0,
        max_size=connections,
        connection_class=_Connection,
        command_timeout=statement_seconds + 5,
        server_settings={
            "application_name": "data-api",
            "default_transaction_read_only": "on",
            "statement_timeout": f"{statement_seconds}s",
            "timezone": "UTC",
            "intervalstyle": "iso_8601",
            # A plan that knows the values: a dealer may have a thousandth of the rows or all.
            "plan_cache_mode": "force_custom_plan",
            "max_parallel_workers_per_gather": "0",
            "jit": "off",
        },
    )


@asynccontextmanager
async def reading(pool: asyncpg.Pool, person: Person) -> AsyncIterator[asyncpg.Connection]:
    """A connection that sees what the person may see."""
    async with pool.acquire(timeout=_SECONDS_TO_WAIT) as connection:
        if person.dealers is None:
            yield connection
            return
        async with connection.transaction(readonly=True):
            await connection.execute(_CONFINE, DEALER_ROLE, person.name)
            yield connection


def problem_of(error: Exception) -> Problem:
    """What a client is told when a database did not answer."""
    if isinstance(error, asyncpg.QueryCanceledError | TimeoutError):
        return Problem(503, "That took too long: narrow it by a dealer or a range of dates, or leave out q and total.")
    if isinstance(error, asyncpg.UndefinedTableError | asyncpg.InsufficientPrivilegeError):
        return Problem(503, "The tables are not ready to be read: pull and transform once, then try again.")
    return Problem(503, "The database does not answer: try again in a minute.", headers={"Retry-After": "30"})


def _for_asyncpg(url: str) -> str:
    """The address without the driver that SQLAlchemy is told."""
    scheme, separator, rest = url.partition("://")
    return f"{scheme.partition('+')[0]}{separator}{rest}"
