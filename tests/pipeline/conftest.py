"""A sandbox of 30 days, and for each test module a warehouse and a Dagster instance with its fleet registered."""

from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
import pytest
from cryptography.fernet import Fernet
from pipeline_support import Sandbox, Warehouse
from roles import roles_in
from servers import running_sandbox

from orchestration.registry.fleet import register
from orchestration.registry.migrate import migrate
from orchestration.settings import ROOT, Settings, load_settings


@pytest.fixture(scope="session")
def sandbox_url() -> Iterator[str]:
    with running_sandbox("--size", "S", "--days", "30") as url:
        yield url


@pytest.fixture
def sandbox(sandbox_url: str) -> Iterator[Sandbox]:
    """The sandbox; what a test orders of it is cleared after it."""
    one = Sandbox(sandbox_url)
    yield one
    one.reset()


@pytest.fixture(scope="module")
def settings(
    new_database: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory, sandbox_url: str
) -> Iterator[Settings]:
    """Settings of a migrated stack of its own; the environment is that of its processes while the module runs."""
    var = tmp_path_factory.mktemp("var")
    home = var / "dagster_home"
    home.mkdir()
    (home / "dagster.yaml").symlink_to(ROOT / "orchestration" / "dagster.yaml")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("VAR_DIR", str(var))
        warehouse = new_database("warehouse")
        for name, url in {"WAREHOUSE_URL": warehouse, **roles_in(warehouse)}.items():
            environment.setenv(name, url)
        environment.setenv("DAGSTER_DATABASE_URL", new_database("dagster"))
        environment.setenv("DGI_ENCRYPTION_KEY", Fernet.generate_key().decode())
        made = load_settings()
        for name, value in made.environment().items():
            environment.setenv(name, value)
        migrate(made)
        register(made, Sandbox(sandbox_url).fleet)
        yield made


@pytest.fixture
def warehouse(settings: Settings) -> Iterator[Warehouse]:
    one = Warehouse(settings)
    yield one
    one.close()


@pytest.fixture
def instance(settings: Settings) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.get() as one:
        yield one


@pytest.fixture
def project() -> Path:
    return ROOT
