"""The sensor `new_loads`: one transform for whatever has been loaded."""

import uuid
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import dagster as dg
import pytest
from dagster import DagsterInstance as Instance
from dagster import build_sensor_context
from dagster._core.events import DagsterEvent
from registry_support import Tables, plain_url, tables_of

from orchestration.automation import TRANSFORM, new_loads, transform_ahead_of
from orchestration.pull.locks import open_locks
from orchestration.settings import Settings

pytestmark = pytest.mark.slow


class Loads:
    """Loads of the warehouse, and the sensor that looks for them."""

    def __init__(self, tables: Tables, instance: Instance) -> None:
        self._tables = tables
        self._instance = instance
        self._cursor: str | None = None
        self._columns = dict(tables.rows(
            "select column_name, data_type from information_schema.columns "
            "where (table_schema, table_name, is_nullable) = ('raw', 'api_call', 'NO')"
        ))  # fmt: skip
        self.now = datetime.now(UTC)

    def commit(self, load_id: str, documents: int = 1, deleted: int = 0, ago: float = 0, status: int = 0) -> None:
        """Make a load visible that says it is `ago` seconds old."""
        blank: dict[str, Any] = {"bigint": 0, "date": self.now, "timestamp with time zone": self.now}
        values = {name: blank.get(kind, "") for name, kind in self._columns.items()}
        values |= {"_dlt_load_id": load_id, "new_versions": documents, "deleted": deleted}
        names, places = ", ".join(values), ", ".join(["%s"] * len(values))
        self._tables.execute(f"insert into raw.api_call ({names}) values ({places})", *values.values())
        self._tables.execute(
            "insert into raw._dlt_loads (load_id, schema_name, status, inserted_at) values (%s, 'dgi', %s, %s)",
            load_id, status, self.now - timedelta(seconds=ago),
        )  # fmt: skip

    def tick(self) -> list[str]:
        """The run keys that the sensor asks for."""
        context = build_sensor_context(instance=self._instance, cursor=self._cursor)
        asked = list(cast(Iterable[Any], new_loads(context)))
        self._cursor = context.cursor
        assert len(asked) == 1
        return [str(one.run_key) for one in asked if isinstance(one, dg.RunRequest)]


@pytest.fixture
def loads(settings: Settings, instance: Instance) -> Iterator[Loads]:
    with tables_of(settings) as tables:
        yield Loads(tables, instance)
    for run in instance.get_runs():
        instance.delete_run(run.run_id)


def test_several_new_loads_ask_for_one_run(loads: Loads) -> None:
    assert loads.tick() == []
    for n in range(5):
        loads.commit(f"1.{n}", ago=5 - n)
    assert loads.tick() == ["1.4"]
    assert loads.tick() == []
    loads.commit("1.5")
    assert loads.tick() == ["1.5"]
    assert loads.tick() == []


def test_a_first_look_at_a_full_warehouse_asks_once(loads: Loads) -> None:
    loads.commit("1.1", ago=86_400 * 30)
    loads.commit("1.2", documents=0)
    assert loads.tick() == ["1.1"]
    assert loads.tick() == []


def test_loads_without_documents_ask_for_none(loads: Loads) -> None:
    loads.commit("1.1", documents=0)
    assert loads.tick() == []
    loads.commit("1.2", documents=0, deleted=1)
    assert loads.tick() == ["1.2"], "what went missing is news"


def test_a_load_that_is_not_committed_does_not_exist(loads: Loads, tables: Tables) -> None:
    loads.commit("1.1", status=1)
    assert loads.tick() == []
    tables.execute("set local session_replication_role = replica; update raw._dlt_loads set status = 0")
    assert loads.tick() == ["1.1"]


def test_ids_in_another_order_than_commits(loads: Loads) -> None:
    loads.commit("1.9", ago=3)
    assert loads.tick() == ["1.9"]
    loads.commit("1.1", ago=2)
    assert loads.tick() == ["1.1"]


def test_times_in_another_order_than_commits(loads: Loads) -> None:
    """A load that is seen late, behind a newer one that brought nothing or that was seen before."""
    loads.commit("1.3", ago=1)
    assert loads.tick() == ["1.3"]
    loads.commit("1.1", ago=600)
    assert loads.tick() == ["1.1"]
    loads.commit("1.2", documents=0, ago=500)
    loads.commit("1.4", documents=0)
    assert loads.tick() == []


def test_an_emptied_warehouse_begins_anew(loads: Loads, tables: Tables) -> None:
    loads.commit("1.1", ago=60)
    loads.commit("1.2", ago=50)
    assert loads.tick()
    tables.execute("set local session_replication_role = replica; truncate raw._dlt_loads, raw.api_call")
    assert loads.tick() == []
    loads.commit("2.1")
    assert loads.tick() == ["2.1"]


def test_the_cursor_does_not_grow(loads: Loads) -> None:
    for n in range(30):
        loads.commit(f"1.{n}", ago=86_400 * (30 - n))
        assert loads.tick()
    assert len(loads._cursor or "") < 100


def test_what_a_transform_has_taken_is_not_transformed_again(loads: Loads, instance: Instance) -> None:
    def run(status: dg.DagsterRunStatus) -> str:
        added = instance.run_storage.add_run(dg.DagsterRun(TRANSFORM, run_id=str(uuid.uuid4()), status=status))
        return added.run_id

    def starts(run_id: str) -> None:
        event = DagsterEvent(dg.DagsterEventType.PIPELINE_START.value, TRANSFORM)
        instance.run_storage.handle_run_event(run_id, event, update_timestamp=datetime.now(UTC))

    loads.commit("1.1", ago=2)
    run(dg.DagsterRunStatus.FAILURE)
    assert loads.tick() == ["1.1"]
    waiting = run(dg.DagsterRunStatus.NOT_STARTED)
    loads.commit("1.2", ago=1)
    assert loads.tick() == [], "the one in the queue will take it"
    starts(waiting)
    assert loads.tick() == [], "it has"
    loads.now += timedelta(minutes=1)
    loads.commit("1.3")
    assert loads.tick() == ["1.3"], "loaded after it began"


def test_a_pull_that_is_under_way_is_waited_for(loads: Loads, settings: Settings) -> None:
    with open_locks(plain_url(settings)) as locks, locks.dealers(["00001"]), locks.slots("Q7X", 2, 2):
        loads.commit("1.1", ago=60)
        assert loads.tick() == []
        loads.commit("1.2")
        assert loads.tick() == []
    assert loads.tick() == ["1.2"]


def test_a_pull_of_many_minutes_is_not_waited_for(loads: Loads, settings: Settings) -> None:
    with open_locks(plain_url(settings)) as locks, locks.dealers(["00001"]):
        loads.commit("1.1", ago=121)
        loads.commit("1.2")
        assert loads.tick() == ["1.2"]
        loads.commit("1.3")
        assert loads.tick() == []


def test_a_transform_that_was_overtaken_has_nothing_to_do(loads: Loads, instance: Instance) -> None:
    asked_for = dg.DagsterRun(TRANSFORM, run_id=str(uuid.uuid4()), tags={"dagster/sensor_name": "new_loads"})
    loads.commit("1.1", ago=60)
    assert transform_ahead_of(instance, asked_for) is None
    launched = instance.run_storage.add_run(dg.DagsterRun(TRANSFORM, run_id=str(uuid.uuid4())))
    for kind in (dg.DagsterEventType.PIPELINE_START, dg.DagsterEventType.PIPELINE_SUCCESS):
        assert transform_ahead_of(instance, asked_for) is None, "it may fail yet"
        event = DagsterEvent(kind.value, TRANSFORM)
        instance.run_storage.handle_run_event(launched.run_id, event, update_timestamp=datetime.now(UTC))
    assert transform_ahead_of(instance, asked_for) == launched.run_id
    assert transform_ahead_of(instance, dg.DagsterRun(TRANSFORM)) is None, "somebody wants it"
    loads.now += timedelta(minutes=1)
    loads.commit("1.2")
    assert transform_ahead_of(instance, asked_for) is None, "loaded after that one began"


def test_a_transform_that_leaves_the_queue_unstarted_is_made_up_for(loads: Loads, instance: Instance) -> None:
    waiting = dg.DagsterRun(TRANSFORM, run_id=str(uuid.uuid4()), status=dg.DagsterRunStatus.NOT_STARTED)
    instance.run_storage.add_run(waiting)
    loads.commit("1.1")
    assert loads.tick() == []
    instance.delete_run(waiting.run_id)
    assert loads.tick() == ["1.1"]
