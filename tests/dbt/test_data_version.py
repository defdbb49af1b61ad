"""marts.data_version changes when a run of dbt has changed the marts, however it ended, and not before."""

import importlib
import os
import signal
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import psycopg2
import pytest
from core_tables import Core
from psycopg2.extensions import make_dsn

pytestmark = pytest.mark.slow
SUPERSET = Path(__file__).parents[2] / "superset"
MART = ("run", "--select", "dim_date")


def version(core: Core) -> tuple[datetime, datetime | None]:
    """When the data changed last, and since when a transform runs."""
    ((changed_at, running_since),) = core.execute("select changed_at, running_since from marts.data_version")
    return changed_at, running_since


def address(core: Core) -> str:
    about = core.connection.info
    return str(make_dsn(**{**about.dsn_parameters, "password": about.password}))


def seen_by_superset(core: Core, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.syspath_prepend(str(SUPERSET))
    read = importlib.import_module("data_version").DataVersion(address(core)).read()
    assert read
    return str(read)


def test_a_run_changes_it_once_all_its_models_are_there(core: Core) -> None:
    core.dbt(*MART)
    before, _ = version(core)
    results = core.dbt(*MART).results  # the hooks' among them
    changed_at, running_since = version(core)
    last_step = max(step.completed_at for each in results if each.node.name == "dim_date" for step in each.timing)
    assert before < last_step.replace(tzinfo=UTC) <= changed_at
    assert running_since is None


def test_looking_does_not_change_it(core: Core) -> None:
    core.dbt(*MART)
    before = version(core)
    core.dbt("test", "--select", "dim_date")
    core.dbt("compile", "--select", "dim_date")
    assert version(core) == before


def test_a_run_that_failed_halfway_changes_it(core: Core) -> None:
    core.dbt(*MART)
    before, _ = version(core)
    core.execute("create sequence marts.dim_colour")  # in the way of the model of this name
    with pytest.raises(AssertionError, match="dim_colour"):
        core.dbt("run", "--select", "dim_date", "dim_colour")
    core.execute("drop sequence marts.dim_colour")
    changed_at, running_since = version(core)
    assert changed_at > before
    assert running_since is None


def test_a_run_that_was_killed_shows_after_an_hour_and_at_the_latest_with_the_next_run(
    core: Core, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    core.dbt(*MART)
    before, _ = version(core)
    with closing(psycopg2.connect(address(core))) as other:
        other.cursor().execute("lock table marts.dim_date")  # so the run cannot end before it is killed
        killed = core.start(*MART, folder=tmp_path / "killed")
        while version(core)[1] is None:
            time.sleep(0.2)
        os.kill(killed.pid, signal.SIGKILL)
        killed.communicate()
    assert version(core)[0] == before
    fresh = seen_by_superset(core, monkeypatch)
    assert "unfinished" not in fresh
    core.execute("update marts.data_version set running_since = running_since - interval '61 minutes'")
    assert "unfinished" in seen_by_superset(core, monkeypatch)
    core.dbt(*MART)
    assert version(core)[0] > before
    assert "unfinished" not in seen_by_superset(core, monkeypatch)
