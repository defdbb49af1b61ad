"""What all tests share: one Postgres server for the session, and databases of their own for those that want them.

`make test` runs the tests in two processes, and each makes a session's fixtures. So that what takes long to start is
started once, all tests that use it go to the same process.
"""

import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from parsed_dbt import parsed_once
from servers import unused_port
from sqlalchemy import make_url
from xdist.scheduler import LoadScopeScheduling

from orchestration.settings import Settings
from stack import postgres

# Folders whose tests share servers or a warehouse.
SHARING = ("dbt", "dlt_sources", "sandbox")
# Folders in which a session's fixture sets settings.
OWN_SETTINGS = ("alerts", "faults")
ROOT = Path(__file__).resolve().parents[1]


@cache
def group(file: str) -> str:
    """The tests of which a file is part: that of its folder, of one stack or warehouse, or of the file itself."""
    path = ROOT / file
    text = path.read_text()
    if any(f"from {module} import" in text for module in ("real_stack", "house")):
        return "dashboards"
    if "(two_weeks: " in text:
        return "two weeks"
    return path.parent.name if path.parent.name in SHARING else file


class ByGroup(LoadScopeScheduling):
    """Gives a whole group to one process."""

    def _split_scope(self, nodeid: str) -> str:
        return group(nodeid.partition("::")[0])


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByGroup:
    return ByGroup(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest begins first: the dashboards, then what needs servers."""
    dashboards = {item for item in items if group(item.nodeid.partition("::")[0]) == "dashboards"}
    items.sort(key=lambda item: (item not in dashboards, not item.get_closest_marker("slow")))


@pytest.fixture(scope="module", autouse=True)
def settings_of_no_other_folder(request: pytest.FixtureRequest) -> Iterator[None]:
    """Settings that the fixtures of a folder's session have put into the environment are for that folder's tests."""
    with pytest.MonkeyPatch.context() as environment:
        if request.path.parent.name not in OWN_SETTINGS:
            for name in Settings.model_fields:
                environment.delenv(name.upper(), raising=False)
        yield


@pytest.fixture(scope="session")
def server_url_of_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The superuser's address of a throwaway Postgres server."""
    with postgres.throwaway(tmp_path_factory.mktemp("postgres"), unused_port(), "of-a-throwaway-server") as url:
        yield url


@pytest.fixture(scope="session")
def warehouse_url(server_url_of_session: str) -> str:
    """Any database on that server, as a role that may create more."""
    return server_url_of_session


@pytest.fixture(scope="session")
def dbt_target(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with dbt's project parsed, to be given to stacks."""
    return parsed_once(tmp_path_factory)


@pytest.fixture(scope="session")
def new_database(server_url_of_session: str) -> Callable[[str], str]:
    """Makes an empty database and gives its address."""

    def make(purpose: str) -> str:
        name = f"{purpose}_{uuid.uuid4().hex[:8]}"
        with closing(psycopg2.connect(server_url_of_session)) as connection:
            connection.autocommit = True
            connection.cursor().execute(f"create database {name}")
        return make_url(server_url_of_session).set(database=name).render_as_string(hide_password=False)

    return make
