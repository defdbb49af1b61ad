"""For each test an empty registry, and the environment that leads the command line to it, as its editor."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest
from cryptography.fernet import Fernet
from dagster import DagsterInstance as Instance
from registry_support import Admin, Tables, tables_of
from sqlalchemy import make_url

from orchestration.registry.migrate import migrate
from orchestration.settings import ROOT, Settings, load_settings


@pytest.fixture(scope="session")
def migrated(new_database: Callable[[str], str]) -> str:
    """The address of a migrated database."""
    url = new_database("registry")
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        # Roles are the server's: tests of another folder may have made it.
        cursor.execute("select from pg_roles where rolname = 'registry_editor'")
        verb = "alter" if cursor.rowcount else "create"
        cursor.execute(f"{verb} role registry_editor login password 'of-registry_editor'")
    migrate(Settings(_env_file=None, warehouse_url=url))
    return url


@pytest.fixture(scope="session")
def editor_url(migrated: str) -> str:
    """The same as those reach it who edit the registry."""
    url = make_url(migrated).set(username="registry_editor", password="of-registry_editor")
    return url.render_as_string(hide_password=False)


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The environment of the test, in which no setting is set but where local state lies."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("VAR_DIR", str(tmp_path / "var"))
    return monkeypatch


@pytest.fixture
def settings(environment: pytest.MonkeyPatch, migrated: str, editor_url: str) -> Settings:
    """Settings of a warehouse with an empty registry and no loads, set in the environment."""
    environment.setenv("WAREHOUSE_URL", migrated)
    environment.setenv("WAREHOUSE_REGISTRY_URL", editor_url)
    environment.setenv("DGI_ENCRYPTION_KEY", Fernet.generate_key().decode())
    made = load_settings()
    with tables_of(made) as tables:
        tables.execute(
            "set local session_replication_role = replica; "  # raw refuses it to everybody else
            "truncate registry.main_dealer, registry.change, raw._dlt_loads, raw.api_call restart identity cascade"
        )
    return made


@pytest.fixture
def admin(settings: Settings) -> Admin:
    return Admin()


@pytest.fixture
def tables(settings: Settings) -> Iterator[Tables]:
    with tables_of(settings) as tables:
        yield tables


@pytest.fixture(scope="module")
def instance(new_database: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """A Dagster instance with the project's own settings, on a Postgres that keeps Jakarta's time."""
    url = new_database("dagster")
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(f"alter database {make_url(url).database} set timezone to 'Asia/Jakarta'")
    home = tmp_path_factory.mktemp("dagster_home")
    (home / "dagster.yaml").symlink_to(ROOT / "orchestration" / "dagster.yaml")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("DAGSTER_DATABASE_URL", url)
        for name, value in load_settings().environment().items():
            environment.setenv(name, value)
        environment.setenv("DAGSTER_HOME", str(home))
        with Instance.get() as one:
            yield one
