"""Servers and ports for the tests of the stack."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from servers import unused_port

from stack import postgres

PASSWORD = "throwaway-superuser"


@pytest.fixture
def port() -> int:
    return unused_port()


@pytest.fixture(scope="module")
def superuser_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with postgres.throwaway(tmp_path_factory.mktemp("server"), unused_port(), PASSWORD) as url:
        yield url


@pytest.fixture
def server(tmp_path: Path, port: int) -> Iterator[postgres.Server]:
    """A cluster that is not running; its data goes with the test, also when it lies elsewhere."""
    placed, _ = postgres.place(tmp_path / "postgres", port)
    postgres.initialise(placed, PASSWORD)
    yield placed
    shutil.rmtree(placed.data.parent, ignore_errors=True)


@pytest.fixture
def server_url(server: postgres.Server) -> str:
    """Where the superuser finds `server` when it runs."""
    return postgres.superuser_url(server.port, PASSWORD)
