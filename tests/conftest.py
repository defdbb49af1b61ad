"""What all tests share: one Postgres server for the session, and databases of their own for those that want them.

`make test` runs the tests in two processes, and a session's fixtures are made in each of them. So that what takes long
to start is started once, all tests that use it go to the same process.
"""

import uuid
from collections.abc import Callable, Iterator
from contextlib import closing

import psycopg2
import pytest
from servers import unused_port
from sqlalchemy import make_url

from stack import postgres

# Folders whose tests share servers or a warehouse.
SHARING = ("dbt", "dlt_sources", "sandbox")


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist looks for groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put tests into groups, each of which is run by one process; the group that takes longest comes first."""
    for item in items:
        item.add_marker(pytest.mark.xdist_group(_group(item)))
    items.sort(key=lambda item: (_group(item) != "dashboards", not item.get_closest_marker("slow")))


def _group(item: pytest.Item) -> str:
    if "stack" in getattr(item, "fixturenames", ()):
        return "dashboards"
    folder = item.path.parent.name
    return folder if folder in SHARING else item.path.stem


@pytest.fixture(scope="session")
def server_url_of_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The superuser's address of a throwaway Postgres server."""
    with postgres.throwaway(tmp_path_factory.mktemp("postgres"), unused_port(), "throwaway") as url:
        yield url


@pytest.fixture(scope="session")
def warehouse_url(server_url_of_session: str) -> str:
    """Any database on that server, as a role that may create more."""
    return server_url_of_session


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
