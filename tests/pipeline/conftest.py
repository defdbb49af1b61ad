"""A sandbox of 30 days, and for each test module a warehouse and a Dagster instance with its fleet registered."""

from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
import pytest
from parsed_dbt import give
from pipeline_support import Sandbox, Warehouse, dates_back
from servers import running_sandbox
from warehouses import Warehouses

from orchestration.by_hand import pull_by_hand
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


@pytest.fixture(scope="session")
def warehouses(server_url_of_session: str) -> Warehouses:
    return Warehouses(server_url_of_session)


@pytest.fixture(scope="module")
def settings(
    warehouses: Warehouses, new_database: Callable[[str], str], dbt_target: Path,
    tmp_path_factory: pytest.TempPathFactory, sandbox_url: str,
) -> Iterator[Settings]:  # fmt: skip
    """Settings of a migrated stack of its own; the environment is that of its processes while the module runs."""
    var = tmp_path_factory.mktemp("var")
    home = var / "dagster_home"
    home.mkdir()
    (home / "dagster.yaml").symlink_to(ROOT / "orchestration" / "dagster.yaml")
    is_registered = warehouses.bring("registered")
    give(dbt_target, var, warehouses.roles["WAREHOUSE_TRANSFORMER_URL"])
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("VAR_DIR", str(var))
        for name, url in {"WAREHOUSE_URL": warehouses.url, **warehouses.roles}.items():
            environment.setenv(name, url)
        environment.setenv("DAGSTER_DATABASE_URL", new_database("dagster"))
        environment.setenv("DGI_ENCRYPTION_KEY", warehouses.encryption_key)
        made = load_settings()
        for name, value in made.environment().items():
            environment.setenv(name, value)
        if not is_registered:
            migrate(made)
            register(made, Sandbox(sandbox_url).fleet)
            warehouses.keep("registered")
        yield made


@pytest.fixture(scope="module")
def two_weeks(settings: Settings, warehouses: Warehouses) -> Iterator[Warehouse]:
    """The warehouse after a pull of two weeks with everything transformed: done once for all modules that want it."""
    if not warehouses.bring("two_weeks"):
        assert warehouses.bring("registered")
        dates = dates_back(14)
        assert pull_by_hand(settings, dates[0], dates[-1], [], [], transform=True)
        warehouses.keep("two_weeks")
    one = Warehouse(settings)
    yield one
    one.close()


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
