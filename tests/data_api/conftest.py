"""The data API over HTTP, started once for all of its tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from api_stack import Api, running_api


@pytest.fixture(scope="session")
def api(tmp_path_factory: pytest.TempPathFactory, dbt_target: Path) -> Iterator[Api]:
    """The running API on a warehouse of six dealers."""
    with running_api(tmp_path_factory.mktemp("api"), dbt_target) as one:
        yield one
