"""What happens by itself when the registry changes: partitions are in step with it, and its dealers with core's."""

import uuid
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import dagster as dg
import pytest
from dagster import DagsterInstance as Instance
from dagster import build_sensor_context
from registry_support import Admin, Tables

from orchestration.automation import TRANSFORM, dealer_partitions, registry_dealers
from orchestration.partitions import DEALERS

pytestmark = pytest.mark.slow


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
