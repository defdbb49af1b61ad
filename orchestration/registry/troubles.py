"""What stands in the way of using the registry's database, as a sentence with the remedy."""

import psycopg2
from psycopg2 import errors
from sqlalchemy.exc import DBAPIError


def database_in_words(error: DBAPIError | psycopg2.Error) -> str | None:
    """The sentence for an error of the database that a person can mend; None for any other."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, errors.UndefinedTable):
        return "the warehouse has no tables yet: run `uv run dealers migrate`"
    if isinstance(cause, errors.UndefinedColumn):
        return "the warehouse's tables are older than this program: run `uv run dealers migrate`"
    if isinstance(cause, psycopg2.OperationalError):
        return f"Postgres cannot be used: {' '.join(str(cause).split())}"
    return None
