"""What happens by itself: partitions and registry in step, and one transform for whatever has been loaded."""

import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import dagster as dg
import psycopg2
import pytest
from dagster import DagsterInstance as Instance
from dagster import build_sensor_context
from dagster._core.events import DagsterEvent
from registry_support import Admin, Tables, plain_url, tables_of
from sqlalchemy import make_url

from orchestration.automation import TRANSFORM, dealer_partitions, new_loads, registry_dealers, transform_ahead_of
from orchestration.partitions import DEALERS
from orchestration.pull.locks import open_locks
from orchestration.settings import ROOT, Settings, load_settings

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def instance(new_database: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """A Dagster instance with the project's own settings, on a Postgres that keeps Jakarta's time."""
    url = new_database("dagster")
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(f"alter database {make_url(url).database} set timezone to 'Asia/Jakarta'")
    home = tmp_path_factory.mktemp("dagster_home")
    (home / "dagster.yaml").symlink_to(ROOT / "orchestration" / "dagster.yaml")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("DAGSTER_DATABASE_URL", url)
        for name, value in load_settings().environment().items():
            environment.setenv(name, value)
        environment.setenv("DAGSTER_HOME", str(home))
        with Instance.get() as one:
            yield one


class TestDealerPartitions:
    """The sensor `dealer_partitions`."""

    @pytest.fixture(autouse=True)
    def no_partitions(self, instance: Instance) -> None:
        for key in instance.get_dynamic_partitions("dealer"):
            instance.delete_dynamic_partition("dealer", key)

    def tick(self, instance: Instance) -> list[str]:
        """Let the sensor look, and do what it asks for; gives the partitions that it added."""
        result = dealer_partitions(build_sensor_context(instance=instance))
        if isinstance(result, dg.SkipReason):
            return []
        assert isinstance(result, dg.SensorResult)
        (request,) = result.dynamic_partitions_requests or ()
        assert request.partitions_def_name == DEALERS.name
        instance.add_dynamic_partitions(request.partitions_def_name, request.partition_keys)
        return list(request.partition_keys)

    def test_missing_partitions_are_added_once(self, admin: Admin, instance: Instance) -> None:
        assert self.tick(instance) == []
        admin.adds_main_dealer()
        admin.adds_key()
        for dealer_id in ("00003", "00001", "00002"):
            admin.adds_dealer(dealer_id)
        assert self.tick(instance) == ["00003", "00001", "00002"]
        assert self.tick(instance) == []
        admin.adds_dealer("00004")
        admin.does("disable", "00001")
        assert self.tick(instance) == ["00004"]
        assert len(instance.get_dynamic_partitions("dealer")) == 4, "a disabled dealer keeps its partitions"

    def test_added_in_dagsters_dialog(self, admin: Admin, tables: Tables, instance: Instance) -> None:
        admin.adds_main_dealer()
        admin.adds_key()
        instance.add_dynamic_partitions("dealer", ["09417"])
        for _ in range(2):
            assert self.tick(instance) == []
            assert admin.row("list", of="09417") == "09417 Dealer 09417 (added in Dagster) lacks a key enabled"
        assert [change[:4] for change in tables.changes()[2:]] == [("dagster", "dealer", "09417", "add")]
        admin.does("edit", "09417", "--main-dealer", "Q7X", "--key", "GROUP", "--name", "Jaya")
        assert self.tick(instance) == []
        assert admin.row("list", of="09417") == "09417 Jaya Q7X GROUP enabled"

    def test_a_partition_that_is_no_dealer_number_does_not_stop_the_others(
        self, admin: Admin, instance: Instance
    ) -> None:
        admin.adds_main_dealer()
        admin.adds_key()
        admin.adds_dealer("00001")
        instance.add_dynamic_partitions("dealer", ["no dealer", "09417", "1"])
        assert self.tick(instance) == ["00001"]
        listed = admin.does("list")
        assert "09417" in listed
        assert "no dealer" not in listed

    def test_without_a_warehouse_it_says_so(self, environment: pytest.MonkeyPatch, instance: Instance) -> None:
        environment.setattr("orchestration.settings.ROOT", Path("/nonexistent"))
        skipped = dealer_partitions(build_sensor_context(instance=instance))
        assert isinstance(skipped, dg.SkipReason)
        assert "WAREHOUSE_URL is not set" in (skipped.skip_message or "")


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


def test_times_of_runs_are_true_on_a_server_elsewhere(instance: Instance) -> None:
    """Dagster keeps the local time of the database's session and takes it for UTC."""
    run = instance.run_storage.add_run(dg.DagsterRun(TRANSFORM, run_id=str(uuid.uuid4())))
    record = instance.get_run_record_by_id(run.run_id)
    assert record
    assert abs(record.create_timestamp - datetime.now(UTC)) < timedelta(minutes=1)
    instance.delete_run(run.run_id)


class TestRegistryDealers:
    """The sensor `registry_dealers`."""

    @pytest.fixture(autouse=True)
    def core(self, tables: Tables) -> Iterator[None]:
        tables.execute("create table core.dealer as select * from registry.dealer")
        yield
        tables.execute("drop table core.dealer")

    def tick(self, instance: Instance) -> list[str | None]:
        asked = list(cast(Iterable[Any], registry_dealers(build_sensor_context(instance=instance))))
        return [one.run_key for one in asked if isinstance(one, dg.RunRequest)]

    def test_a_dealer_that_is_disabled_or_renamed_asks_for_one_transform(
        self, admin: Admin, tables: Tables, instance: Instance
    ) -> None:
        admin.adds_main_dealer()
        admin.adds_key()
        assert self.tick(instance) == []
        admin.adds_dealer("00001")
        (first,) = self.tick(instance)
        assert self.tick(instance) == [first], "the same change has the same key"
        tables.execute("insert into core.dealer select * from registry.dealer")
        assert self.tick(instance) == []
        admin.does("disable", "00001")
        (second,) = self.tick(instance)
        assert second != first
