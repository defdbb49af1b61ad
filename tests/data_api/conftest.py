"""The data API over HTTP, started once for all of its tests."""

from collections.abc import Iterator

import pytest
from api_stack import Api, running_api


@pytest.fixture(scope="session")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """The running API on a warehouse of six dealers."""
    with running_api(tmp_path_factory.mktemp("api")) as one:
        yield one
