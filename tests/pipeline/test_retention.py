"""Old events and clicks go, old rejected records are emptied; partitions stay, and so does all of what is new."""

from contextlib import closing

import dagster as dg
import psycopg2
import pytest
from dagster._core.storage.partition_status_cache import get_and_update_asset_status_cache_value
from pipeline_support import Warehouse

from orchestration.retention import EVENTS, REJECTED, SUPERSEDED, apply, apply_retention
from orchestration.settings import Settings, load_settings

pytestmark = pytest.mark.slow


@dg.asset
def something(context: dg.AssetExecutionContext) -> None:
    context.log.info("it was made")


PARTS = dg.StaticPartitionsDefinition(["good", "bad", "young"])


@dg.asset(partitions_def=PARTS)
def in_parts(context: dg.AssetExecutionContext) -> None:
    context.log_event(dg.AssetObservation("in_parts", partition=context.partition_key))
    assert context.partition_key != "bad"


def make_old(settings: Settings) -> None:
    """Everything that runs of assets have logged so far is older than is kept."""
    with closing(psycopg2.connect(url_of(settings))) as connection, connection, connection.cursor() as cursor:
        cursor.execute(
            "update event_logs set timestamp = timestamp - interval '91 days' where run_id in "
            "(select run_id from event_logs where asset_key is not null)"
        )


def counts(settings: Settings) -> dict[bool, int]:
    """Events of assets (True) and others."""
    with closing(psycopg2.connect(url_of(settings))) as connection, connection.cursor() as cursor:
        cursor.execute("select asset_key is not null, count(*) from event_logs group by 1")
        return dict(cursor.fetchall())


def url_of(settings: Settings) -> str:
    return str(settings.dagster_database_url).replace("+psycopg2", "")


def test_what_is_old_goes_and_materializations_stay(settings: Settings, instance: dg.DagsterInstance) -> None:
    assert dg.materialize([something], instance=instance).success
    before = counts(settings)
    assert apply(settings, dry_run=True) == {EVENTS: 0, SUPERSEDED: 0, REJECTED: 0}
    assert apply_retention.execute_in_process(
        instance=instance, run_config={"ops": {"remove_what_is_old": {"config": {"dry_run": True}}}}
    ).success
    make_old(settings)
    removed = apply(settings, dry_run=False)
    assert removed == {EVENTS: before[False], SUPERSEDED: 0, REJECTED: 0}
    assert counts(settings)[True] == before[True]
    assert instance.get_latest_materialization_event(dg.AssetKey("something")) is not None
    assert apply(settings, dry_run=False) == {EVENTS: 0, SUPERSEDED: 0, REJECTED: 0}


def test_only_the_newest_events_of_a_partition_stay(settings: Settings, instance: dg.DagsterInstance) -> None:
    def make(partition: str) -> str:
        return dg.materialize([in_parts], partition_key=partition, instance=instance, raise_on_error=False).run_id

    def statuses() -> tuple[set[str], set[str]]:
        """Which partitions are there and which have failed, counted anew from the events."""
        instance.wipe_asset_cached_status([in_parts.key])
        status = get_and_update_asset_status_cache_value(instance, in_parts.key, PARTS)
        assert status
        there, failed = (status.deserialize_materialized_partition_subsets, status.deserialize_failed_partition_subsets)
        return set(there(PARTS).get_partition_keys()), set(failed(PARTS).get_partition_keys())

    runs = [make(partition) for partition in ("good", "bad", "young", "good", "bad", "bad", "young")]
    make_old(settings)
    newest = make("young")
    assert statuses() == ({"good", "young"}, {"bad"})
    # Of planned, observed and made: one run of «good», two of «young»; planned and observed, two of «bad».
    superseded = 3 * 3 + 2 * 2
    assert apply(settings, dry_run=True)[SUPERSEDED] == superseded
    assert apply(settings, dry_run=False)[SUPERSEDED] == superseded
    assert apply(settings, dry_run=False)[SUPERSEDED] == 0
    assert statuses() == ({"good", "young"}, {"bad"})
    kept = instance.fetch_materializations(in_parts.key, limit=10).records
    assert [(record.partition_key, record.run_id) for record in kept] == [("young", newest), ("good", runs[3])]


def test_records_that_could_not_be_used_are_emptied_and_still_counted(
    settings: Settings, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    for days in (1, 364, 366):
        warehouse.execute(
            "insert into raw.rejected_record (call_id, main_dealer_id, dealer_id, module, reason, payload, received_at,"
            " content_hash, _dlt_load_id) values (%s, 'Q7X', '77001', 'prsp', 'no key', '{\"nama\": \"Siti\"}',"
            " now() - make_interval(days => %s), %s, '1')",
            f"call {days}", days, f"hash {days}",
        )  # fmt: skip
    seen = "select reason, content_hash, payload from raw.rejected_record order by received_at"
    whole = '{"nama": "Siti"}'
    assert apply(settings, dry_run=True)[REJECTED] == 1
    assert apply(settings, dry_run=False)[REJECTED] == 1
    assert warehouse.rows(seen) == [
        ("no key", f"hash {n}", text) for n, text in ((366, "null"), (364, whole), (1, whole))
    ]
    noted = "select table_name, operation from raw.maintenance"
    assert warehouse.rows(noted) == [("rejected_record", "UPDATE")]
    monkeypatch.setenv("KEEP_REJECTED_DAYS", "30")
    assert apply(load_settings(), dry_run=False)[REJECTED] == 1
    assert apply(load_settings(), dry_run=False)[REJECTED] == 0
    assert len(warehouse.rows(noted)) == 2, "nothing to do is not noted"
