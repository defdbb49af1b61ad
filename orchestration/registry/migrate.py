"""Brings the warehouse's own tables up to date: the registry's by Alembic, the raw ones by dlt. Safe to repeat."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine, text

from dlt_sources.dgi.source import create_tables
from orchestration.registry.grants import grant
from orchestration.settings import Settings

# Any number that nothing else locks: two processes that migrate at once wait for each other.
_LOCK = 7_235_001


def migrate(settings: Settings) -> None:
    """Create or update schemas `registry` and `raw`, see that the models' schemas exist, grant roles their part."""
    url = settings.warehouse()
    engine = create_engine(url, connect_args={"connect_timeout": 10})
    try:
        with engine.connect() as holder:
            holder.execute(text("select pg_advisory_lock(:lock)"), {"lock": _LOCK})
            with engine.begin() as connection:
                for schema in ("registry", "staging", "core", "marts"):
                    connection.execute(text(f"create schema if not exists {schema}"))
                _upgrade(connection)
            create_tables(url.set(drivername="postgresql").render_as_string(hide_password=False))
            with engine.begin() as connection:
                grant(connection)
    finally:
        engine.dispose()  # ends the session that holds the lock


def _upgrade(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
