"""A sandbox of size S in a process of its own, for all tests of this folder."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from sandbox_client import Client
from servers import running_sandbox


@pytest.fixture(scope="session")
def url() -> Iterator[str]:
    """Address of the shared sandbox."""
    with running_sandbox("--size", "S", "--days", "180") as address:
        yield address


@pytest.fixture
def client(url: str) -> Iterator[Client]:
    """A client; what a test orders of the sandbox is cleared after it."""
    one = Client(url)
    yield one
    one.delete("/sandbox/faults")
    one.delete("/sandbox/documents")
    one.post("/sandbox/clock", {"now": None})


@pytest.fixture(scope="session")
def today() -> date:
    """The day in Jakarta."""
    return (datetime.now(UTC) + timedelta(hours=7)).date()
