"""A sandbox that keeps 30 days, and databases with empty raw tables."""

from collections.abc import Callable, Iterator

import pytest
from asking import Fleet
from loading import Raw
from sandbox_orders import Sandbox
from servers import running_sandbox


@pytest.fixture(scope="session")
def source_sandbox_url() -> Iterator[str]:
    with running_sandbox("--size", "S", "--days", "30") as url:
        yield url


@pytest.fixture
def sandbox(source_sandbox_url: str) -> Iterator[Sandbox]:
    """The sandbox; what a test orders of it is cleared before and after it."""
    one = Sandbox(source_sandbox_url)
    one.reset()
    yield one
    one.reset()


@pytest.fixture
def fleet(sandbox: Sandbox) -> Fleet:
    return Fleet(sandbox.fleet)


@pytest.fixture(scope="session")
def raw_tables(new_database: Callable[[str], str]) -> Raw:
    from dlt_sources.dgi.source import create_tables  # imports dlt, which takes seconds

    one = Raw(new_database("raw"))
    create_tables(one.url)
    return one


@pytest.fixture
def raw(raw_tables: Raw) -> Raw:
    """A database with empty raw tables."""
    raw_tables.empty()
    return raw_tables
