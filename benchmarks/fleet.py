"""A stack of its own for a benchmark: Postgres, a sandbox of a size, and Dagster with webserver and daemon.

Also the floor: the same windows asked for by a bare client, without or with a COPY of what came.
"""

import io
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from unittest.mock import patch

import psycopg2
import requests
from cryptography.fernet import Fernet
from sqlalchemy import URL, make_url

from dlt_sources.dgi.client import Client
from dlt_sources.dgi.endpoints import ENDPOINTS
from dlt_sources.dgi.server import Call
from dlt_sources.dgi.windows import window_of
from orchestration.pull.locks import holding_catch_up
from orchestration.registry.credentials import Access, read_access
from orchestration.registry.fleet import register
from orchestration.registry.migrate import migrate
from orchestration.settings import ROOT, Settings, load_settings
from stack import postgres

sys.path.insert(0, str(ROOT / "tests"))
from dagster_api import DagsterApi, running_dagster
from servers import running_sandbox, unused_port

_THREADS = 8


@dataclass(frozen=True)
class Fleet:
    """What runs, and whom it asks."""

    settings: Settings
    api: DagsterApi
    dealers: list[str]

    @property
    def warehouse(self) -> str:
        """A libpq address."""
        return _libpq(self.settings.warehouse())

    @property
    def dagster(self) -> str:
        """A libpq address of Dagster's database."""
        return _libpq(make_url(self.settings.require("dagster_database_url")))


@contextmanager
def fleet_of(
    size: str, fill: Callable[[Settings, list[str]], None] | None = None, catches_up: bool = False
) -> Iterator[Fleet]:
    """A stack with all dealers of the size registered; nothing is pulled by itself while it is there.

    `fill` puts something into the databases, or the instance's folder, before Dagster starts. With `catches_up` what is
    missing is pulled.
    """
    with ExitStack() as stack:
        stack.enter_context(patch.dict(os.environ))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = stack.enter_context(postgres.throwaway(folder, unused_port(), "throwaway"))
        sandbox = stack.enter_context(running_sandbox("--size", size, "--days", "30"))
        settings = _settings(server, folder)
        migrate(settings)
        registered = requests.get(f"{sandbox}/sandbox/fleet", timeout=60).json()
        register(settings, registered)
        dealers = [dealer["id"] for dealer in registered["dealers"]]
        from dagster import DagsterInstance  # reads the home that the settings name

        with DagsterInstance.get() as instance:
            instance.add_dynamic_partitions("dealer", dealers)
        if not catches_up:
            stack.enter_context(holding_catch_up(_libpq(settings.warehouse())))
        if fill:
            fill(settings, dealers)
        api = stack.enter_context(running_dagster(dict(os.environ), unused_port(), folder, sensors=None))
        yield Fleet(settings, api, dealers)


def _settings(server: str, folder: Path) -> Settings:
    with closing(psycopg2.connect(server)) as connection:
        connection.autocommit = True
        for name in ("warehouse", "dagster"):
            connection.cursor().execute(f"create database {name}")
    os.environ["VAR_DIR"] = str(folder / "var")
    os.environ["WAREHOUSE_URL"] = make_url(server).set(database="warehouse").render_as_string(hide_password=False)
    os.environ["DAGSTER_DATABASE_URL"] = make_url(server).set(database="dagster").render_as_string(hide_password=False)
    os.environ["DGI_ENCRYPTION_KEY"] = Fernet.generate_key().decode()
    settings = load_settings()
    os.environ.update(settings.environment())
    home = Path(os.environ["DAGSTER_HOME"])
    home.mkdir(parents=True)
    (home / "dagster.yaml").symlink_to(ROOT / "orchestration" / "dagster.yaml")
    return settings


def _libpq(url: URL) -> str:
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def yesterday() -> date:
    """The last date that is complete, in Jakarta."""
    return (datetime.now(UTC) + timedelta(hours=7)).date() - timedelta(days=1)


def bare_client(fleet: Fleet, days: list[date], copy: bool = False) -> float:
    """Seconds that a bare client takes for one window a dealer and module, once the sandbox has made them up.

    With `copy` what came is also put into one jsonb column of a table of its own.
    """
    now = datetime.now(UTC)
    calls = [
        Call(access.server, access.key, module, dealer_id, window_of(days, access.server, now))
        for dealer_id, access in read_access(fleet.settings).items()
        if isinstance(access, Access)
        for module in ENDPOINTS
        if module in access.server.modules
    ]

    def share(number: int) -> None:
        client = Client()
        with closing(psycopg2.connect(fleet.warehouse)) as connection:
            for call in calls[number::_THREADS]:
                answer = client.call(call)
                assert answer.outcome.arrived, answer.reason
                if copy and answer.records:
                    # COPY's text form has backslashes doubled.
                    lines = b"\n".join(bytes(record).replace(b"\\", b"\\\\") for record in answer.records)
                    with connection, connection.cursor() as cursor:
                        cursor.copy_expert("copy floor_document from stdin", io.BytesIO(lines + b"\n"))

    def once() -> float:
        with closing(psycopg2.connect(fleet.warehouse)) as connection, connection, connection.cursor() as cursor:
            cursor.execute("drop table if exists floor_document; create table floor_document (document jsonb)")
        started = time.monotonic()
        with ThreadPoolExecutor(_THREADS) as pool:
            list(pool.map(share, range(_THREADS)))
        return time.monotonic() - started

    once()
    return once()
