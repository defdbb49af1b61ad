"""Throwaway databases with empty raw tables and the dbt models on them: one for the staging views, one for core."""

import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg2
import pyarrow as pa
import pytest
from core_tables import Core
from dbt.cli.main import dbtRunner, dbtRunnerResult
from dbt.contracts.graph.manifest import Manifest
from psycopg2.extensions import connection
from sqlalchemy import URL, create_engine, make_url

from dlt_sources.dgi.tables import SCHEMAS
from orchestration.registry.models import Base

PROJECT = Path(__file__).parents[2] / "dbt_project"
COLUMN_TYPES = {
    pa.string(): "text",
    pa.timestamp("us", tz="UTC"): "timestamptz",
    pa.int64(): "bigint",
    pa.bool_(): "boolean",
    pa.date32(): "date",
}
Dbt = Callable[..., Any]


def _open(url: URL) -> connection:
    """An autocommit connection."""
    opened = psycopg2.connect(url.set(drivername="postgresql").render_as_string(hide_password=False))
    opened.autocommit = True
    return opened


@contextmanager
def _new_database(server: URL) -> Iterator[URL]:
    """A database of its own, so that nothing else in the warehouse is touched or seen."""
    name = f"dbt_{uuid.uuid4().hex[:8]}"
    maintenance = _open(server)
    with maintenance.cursor() as cursor:
        cursor.execute(f"create database {name}")
    yield server.set(database=name)
    with maintenance.cursor() as cursor:
        cursor.execute(f"drop database {name} with (force)")
    maintenance.close()


def _environment(database: URL) -> dict[str, str]:
    """What tells dbt the database."""
    return {
        "WAREHOUSE_HOST": database.host or "",
        "WAREHOUSE_PORT": str(database.port),
        "WAREHOUSE_USER": database.username or "",
        "WAREHOUSE_PASSWORD": str(database.password or ""),
        "WAREHOUSE_DBNAME": database.database or "",
    }


def _paths(scratch: Path) -> list[str]:
    """What tells dbt where the project is, and where to write."""
    places = {"project-dir": PROJECT, "profiles-dir": PROJECT, "target-path": scratch, "log-path": scratch}
    return [word for option, place in places.items() for word in (f"--{option}", str(place))]


def _dbt(database: URL, scratch: Path) -> Dbt:
    parsed: list[Manifest] = []

    def run(*command: str) -> Any:
        with pytest.MonkeyPatch.context() as environment:
            for name, value in _environment(database).items():
                environment.setenv(name, value)
            if not parsed:  # once: it takes longer than most of what follows
                parsed.append(dbtRunner().invoke(["--quiet", "parse", *_paths(scratch)]).result)
            # A copy: a run writes into what it is given.
            outcome: dbtRunnerResult = dbtRunner(parsed[0].deepcopy()).invoke(
                ["--quiet", "--no-write-json", *command, *_paths(scratch)]
            )
        assert outcome.success, outcome.exception or [
            result.message for result in outcome.result if result.status in ("error", "fail")
        ]
        return outcome.result

    return run


def _create_raw_tables(warehouse: connection) -> None:
    """Empty tables as the loader makes them."""
    with warehouse.cursor() as cursor:
        cursor.execute("create schema raw")
        cursor.execute("create table raw._dlt_loads (load_id text, schema_name text, status bigint)")
        for table, schema in SCHEMAS.items():
            columns = ", ".join(f"{column.name} {COLUMN_TYPES[column.type]}" for column in schema)
            cursor.execute(f"create table raw.{table} ({columns}, _dlt_load_id text)")


@pytest.fixture(scope="session")
def database(warehouse_url: str) -> Iterator[URL]:
    """A database for the tests of the staging views."""
    with _new_database(make_url(warehouse_url)) as database:
        yield database


@pytest.fixture(scope="session")
def dbt(database: URL, tmp_path_factory: pytest.TempPathFactory) -> Dbt:
    """Runs a dbt command on that database and returns its result; a failure fails the test."""
    return _dbt(database, tmp_path_factory.mktemp("dbt"))


@pytest.fixture(scope="session")
def manifest(dbt: Dbt) -> Any:
    """The parsed dbt project."""
    return dbt("parse")


@pytest.fixture(scope="session")
def connect(database: URL) -> Callable[[], connection]:
    """Opens another connection to that database."""
    return lambda: _open(database)


@pytest.fixture(scope="session")
def warehouse(connect: Callable[[], connection], dbt: Dbt) -> Iterator[connection]:
    """A connection to the database, with raw tables as the loader makes them and the staging views on top."""
    opened = connect()
    _create_raw_tables(opened)
    dbt("build", "--select", "staging")
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def core(warehouse_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Core]:
    """The core tables, empty but for two dealers of two main dealers, in a database of their own."""
    scratch = tmp_path_factory.mktemp("dbt_core")
    with _new_database(make_url(warehouse_url)) as database, closing(_open(database)) as opened:
        _create_raw_tables(opened)
        opened.cursor().execute("create schema registry")
        engine = create_engine(database.set(drivername="postgresql+psycopg2"))
        Base.metadata.create_all(engine)
        engine.dispose()
        program = str(Path(sys.executable).with_name("dbt"))

        def start(*command: str, folder: Path) -> subprocess.Popen[str]:
            folder.mkdir()
            shutil.copy(scratch / "partial_parse.msgpack", folder)  # parsing takes longer than the run itself
            return subprocess.Popen(
                [program, "--quiet", *command, *_paths(folder)],
                env=os.environ | _environment(database),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )

        warehouse = Core(opened, _dbt(database, scratch), start)
        warehouse.add_dealer("09417", "Q7X")
        warehouse.add_dealer("00123", "K2B")
        warehouse.dbt("build", "--select", "staging", "core", "--exclude-resource-type", "test", "unit_test")
        yield warehouse
