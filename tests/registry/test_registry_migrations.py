"""The migrations make what the models describe, however often and by however many at once."""

import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from registry_support import DEALERS, Admin, Tables, tables_of
from sqlalchemy import create_engine, text
from sqlalchemy.sql.schema import SchemaItem

from orchestration.registry.models import Base
from orchestration.settings import ROOT, Settings, load_settings

pytestmark = pytest.mark.slow


@pytest.fixture
def empty(environment: pytest.MonkeyPatch, new_database: Callable[[str], str]) -> Settings:
    """Settings of a database with nothing in it."""
    environment.setenv("WAREHOUSE_URL", new_database("empty"))
    return load_settings()


def schema(tables: Tables) -> list[tuple[Any, ...]]:
    return tables.rows(
        """
        select table_schema, table_name, column_name, data_type, is_nullable, column_default
        from information_schema.columns where table_schema in ('registry', 'raw')
        order by 1, 2, ordinal_position
        """
    )


def test_before_it_every_command_names_the_remedy(empty: Settings) -> None:
    sentence = Admin().is_refused("list")
    assert sentence == "the warehouse has no tables yet: run `uv run dealers migrate`"


def test_two_processes_at_once_and_once_more(empty: Settings) -> None:
    command = [str(DEALERS), "migrate"]
    both = [subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    for one in both:
        _, said = one.communicate(timeout=120)
        assert one.returncode == 0, said
    with tables_of(empty) as tables:
        made = schema(tables)
        assert {row[1] for row in made if row[0] == "registry"} >= {"main_dealer", "api_key", "dealer", "change"}
        assert {row[1] for row in made if row[0] == "raw"} >= {"prsp", "api_call", "rejected_record", "_dlt_loads"}
        Admin().adds_main_dealer()
        Admin().does("migrate")
        assert schema(tables) == made
        assert tables.rows("select id from registry.main_dealer") == [("Q7X",)]


def test_models_equal_migrations(settings: Settings) -> None:
    def is_ours(name: str | None, kind: str, parents: object) -> bool:
        return kind != "schema" or name == "registry"

    def is_no_version_table(item: SchemaItem, name: str | None, kind: str, *_: object) -> bool:
        return (kind, name) != ("table", "alembic_version")

    options = {
        "include_schemas": True,
        "include_name": is_ours,
        "include_object": is_no_version_table,
        "compare_type": True,
        "compare_server_default": True,
    }
    engine = create_engine(settings.warehouse())
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, Base.metadata) == []
        connection.execute(text("alter table registry.dealer add column surplus text"))
        assert len(compare_metadata(context, Base.metadata)) == 1, "the comparison sees nothing"
    engine.dispose()
