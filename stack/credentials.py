"""What `make up` generates and keeps: passwords, keys and the addresses of the embedded databases.

They stand in `credentials.env` in VAR_DIR (mode 0600), a line each, as `.env` files have them. A line that is there is
kept, a missing one is added; a name that the environment or `.env` sets is left to them.
"""

import os
import secrets
from collections.abc import Collection, Mapping
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from cryptography.fernet import Fernet
from dotenv import dotenv_values

from stack.errors import StackError

SUPERUSER_PASSWORD = "POSTGRES_SUPERUSER_PASSWORD"  # noqa: S105  (the name of a line)
# Address -> role and database of the embedded server.
DATABASES = {
    "WAREHOUSE_URL": ("dealers", "warehouse"),
    "WAREHOUSE_LOADER_URL": ("loader", "warehouse"),
    "WAREHOUSE_TRANSFORMER_URL": ("transformer", "warehouse"),
    "WAREHOUSE_REGISTRY_URL": ("registry_editor", "warehouse"),
    "WAREHOUSE_READER_URL": ("bi_reader", "warehouse"),
    "WAREHOUSE_DEALER_READER_URL": ("dealer_reader", "warehouse"),
    "WAREHOUSE_PEOPLE_READER_URL": ("people_reader", "warehouse"),
    "DAGSTER_DATABASE_URL": ("dagster", "dagster"),
    "SUPERSET_DATABASE_URL": ("superset", "superset"),
    "API_DATABASE_URL": ("api_reader", "warehouse"),
    "API_USERS_URL": ("api_user_reader", "superset"),
}
# Of a warehouse elsewhere, those that must be given with it; where the others are not, its owner does their work.
READERS = {
    "WAREHOUSE_READER_URL": "may only read the schema marts, of all dealers",
    "WAREHOUSE_DEALER_READER_URL": "reads there what row security shows of the person's own dealers",
    "WAREHOUSE_PEOPLE_READER_URL": "reads restricted.customer for those who may see personal data",
    "API_DATABASE_URL": "may only read the schema core (docs/api.md)",
}
# The owner does their work where they are not given.
OPTIONAL = ("WAREHOUSE_LOADER_URL", "WAREHOUSE_TRANSFORMER_URL", "WAREHOUSE_REGISTRY_URL")
SECRETS = (
    SUPERUSER_PASSWORD,
    "DGI_ENCRYPTION_KEY",
    "SUPERSET_SECRET_KEY",
    "SUPERSET_JWT_KEY",
    "SUPERSET_ADMIN_PASSWORD",
    "REGISTRY_SERVICE_KEY",
    *DATABASES,
)
HANDED_ON = (
    "SUPERSET_SECRET_KEY",
    "SUPERSET_JWT_KEY",
    "SUPERSET_ADMIN_USER",
    "SUPERSET_ADMIN_PASSWORD",
    "REGISTRY_SERVICE_KEY",
)


def set_outside(root: Path) -> dict[str, str]:
    """What the person has set: the environment and the checkout's `.env`, empty values left out."""
    merged: Mapping[str, str | None] = {**dotenv_values(root / ".env"), **os.environ}
    return {name: value for name, value in merged.items() if value}


def is_embedded(outside: Mapping[str, str]) -> bool:
    """Whether a server of our own is needed, i.e. some database's address is not set from outside.

    Raises StackError when a database is elsewhere and nobody said how those that may only read it do so.
    """
    if "WAREHOUSE_URL" in outside:
        for name, what in READERS.items():
            if name not in outside:
                raise StackError(
                    f"WAREHOUSE_URL is set but {name} is not: set it to the same database with a role that {what} "
                    "(see docs/access.md)."
                )
    if "SUPERSET_DATABASE_URL" in outside and "API_USERS_URL" not in outside:
        raise StackError(
            "SUPERSET_DATABASE_URL is set but API_USERS_URL is not: set it to the same database with the role "
            "api_user_reader (the data API asks there who may see what, see docs/api.md)."
        )
    return bool(embedded(outside))


def embedded(outside: Collection[str]) -> list[str]:
    """The addresses that lead to the embedded server: those not set, and none of the warehouse when it is elsewhere."""
    elsewhere = "warehouse" if "WAREHOUSE_URL" in outside else ""
    return [name for name, (_, database) in DATABASES.items() if name not in outside and database != elsewhere]


def keep(file: Path, port: int, outside: Collection[str]) -> dict[str, str]:
    """Complete the credentials file for an embedded server on `port` and return what it holds."""
    lines = file.read_text().splitlines() if file.exists() else []
    held = read(file) if lines else {}
    ours = embedded(outside)
    made = {
        name: value
        for name, value in _fresh(port).items()
        if name not in outside and name not in held and (name not in DATABASES or name in ours)
    }
    moved = {name: _at_port(held[name], port) for name in DATABASES if name in held and name not in outside}
    lines = [_with_new_value(line, moved) for line in lines] + [f"{name}={value}" for name, value in made.items()]
    _write(file, "".join(f"{line}\n" for line in lines))
    return held | moved | made


def read(file: Path) -> dict[str, str]:
    """What the credentials file holds."""
    return {name: value for name, value in dotenv_values(file).items() if value}


def replace(file: Path, values: Mapping[str, str]) -> None:
    """Put other values into lines of the credentials file."""
    _write(file, "".join(f"{_with_new_value(line, values)}\n" for line in file.read_text().splitlines()))


def _fresh(port: int) -> dict[str, str]:
    """A full set of new values."""
    values = {
        SUPERUSER_PASSWORD: secrets.token_urlsafe(24),
        "DGI_ENCRYPTION_KEY": Fernet.generate_key().decode(),
        "SUPERSET_SECRET_KEY": secrets.token_urlsafe(48),
        "REGISTRY_SERVICE_KEY": secrets.token_urlsafe(32),
        "SUPERSET_JWT_KEY": secrets.token_urlsafe(48),
        "SUPERSET_ADMIN_USER": "admin",
        "SUPERSET_ADMIN_PASSWORD": secrets.token_urlsafe(12),
    }
    for name, (role, database) in DATABASES.items():
        values[name] = f"postgresql://{role}:{secrets.token_urlsafe(24)}@127.0.0.1:{port}/{database}"
    return values


def _at_port(url: str, port: int) -> str:
    """The same address on the port that the embedded server has now (POSTGRES_PORT may have changed)."""
    parts = urlsplit(url)
    if parts.hostname != "127.0.0.1":
        return url
    return urlunsplit(parts._replace(netloc=f"{parts.netloc.rpartition(':')[0]}:{port}"))


def _with_new_value(line: str, values: Mapping[str, str]) -> str:
    name = line.partition("=")[0].strip()
    return f"{name}={values[name]}" if name in values else line


def _write(file: Path, text: str) -> None:
    """Replace the file in one step; it is unreadable to others from its first byte on."""
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_name(f".{file.name}.new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    new.replace(file)
