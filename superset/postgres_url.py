"""Spellings of a Postgres address.

Settings give `postgresql://user:password@host:port/database`, with or without a driver behind a plus sign; libpq takes
no driver, and SQLAlchemy picks a different one from version to version when none is named. To other machines TLS is
required, unless the address says otherwise with `sslmode` or POSTGRES_PLAINTEXT_HOSTS names the host.
"""

import os
from urllib.parse import parse_qs, urlsplit

SCHEMES = ("postgresql", "postgres")
THIS_MACHINE = ("localhost", "127.0.0.1", "::1")


class PostgresUrlError(ValueError):
    """The address is not one of a Postgres database."""


def for_libpq(url: str) -> str:
    """Returns the address without a driver, as psycopg2.connect takes it; raises PostgresUrlError."""
    scheme, separator, rest = url.partition("://")
    if not separator or scheme.partition("+")[0] not in SCHEMES:
        raise PostgresUrlError("a database address must begin with postgresql://")
    return _over_tls(f"postgresql://{rest}")


def for_sqlalchemy(url: str) -> str:
    """Returns the address with the one driver that is installed here. Raises PostgresUrlError."""
    return for_libpq(url).replace("postgresql://", "postgresql+psycopg2://", 1)


def _over_tls(url: str) -> str:
    parts = urlsplit(url)
    said = parse_qs(parts.query)
    if not parts.hostname or parts.hostname in THIS_MACHINE or "sslmode" in said or "host" in said:
        return url
    if parts.hostname in os.environ.get("POSTGRES_PLAINTEXT_HOSTS", "").split():
        return url
    return f"{url}{'&' if parts.query else '?'}sslmode=require"
