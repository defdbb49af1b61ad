"""Spellings of a Postgres address.

Settings give `postgresql://user:password@host:port/database`, with or without a driver behind a plus sign; libpq takes
no driver, and SQLAlchemy picks a different one from version to version when none is named.
"""

SCHEMES = ("postgresql", "postgres")


class PostgresUrlError(ValueError):
    """The address is not one of a Postgres database."""


def for_libpq(url: str) -> str:
    """Returns the address without a driver, as psycopg2.connect takes it; raises PostgresUrlError."""
    scheme, separator, rest = url.partition("://")
    if not separator or scheme.partition("+")[0] not in SCHEMES:
        raise PostgresUrlError("a database address must begin with postgresql://")
    return f"postgresql://{rest}"


def for_sqlalchemy(url: str) -> str:
    """Returns the address with the one driver that is installed here. Raises PostgresUrlError."""
    return for_libpq(url).replace("postgresql://", "postgresql+psycopg2://", 1)
