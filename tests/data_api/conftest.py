"""The data API over HTTP, started once for all of its tests."""

from collections.abc import Iterator

import pytest
from api_stack import Api, running_api
from servers import unused_port

from stack import postgres


@pytest.fixture(scope="session")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """The running API on a warehouse of six dealers."""
    port = unused_port()
    with postgres.throwaway(tmp_path_factory.mktemp("postgres"), port, "of-a-throwaway-server") as server_url:
        folder = tmp_path_factory.mktemp("api")
        with running_api(folder, server_url, port) as one:
            yield one
