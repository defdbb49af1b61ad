"""What is kept of a backfill while the daemon and people work on it."""

import time

import dagster as dg
import pytest
from dagster._core.execution.backfill import BulkActionsFilter, BulkActionStatus, PartitionBackfill

pytestmark = pytest.mark.slow


@pytest.fixture
def backfill(instance: dg.DagsterInstance, request: pytest.FixtureRequest) -> PartitionBackfill:
    one = PartitionBackfill(
        backfill_id=request.node.name[:32],
        status=BulkActionStatus.REQUESTED,
        from_failure=False,
        tags={},
        backfill_timestamp=time.time(),
        partition_names=["2026-01-01|00001"],
    )
    instance.add_backfill(one)
    return one


def test_cancelled_while_the_daemon_works_on_it(instance: dg.DagsterInstance, backfill: PartitionBackfill) -> None:
    def stored() -> PartitionBackfill:
        found = instance.get_backfill(backfill.backfill_id)
        assert found
        return found

    def chosen(status: BulkActionStatus) -> bool:
        listed = instance.get_backfills(filters=BulkActionsFilter(statuses=[status]))
        return backfill.backfill_id in {one.backfill_id for one in listed}

    read_by_daemon = stored()
    instance.update_backfill(stored().with_status(BulkActionStatus.CANCELING))
    instance.update_backfill(read_by_daemon.with_failure_count(3))
    assert (stored().status, stored().failure_count) == (BulkActionStatus.CANCELING, 3)
    assert chosen(BulkActionStatus.CANCELING)
    assert not chosen(BulkActionStatus.REQUESTED)
    instance.update_backfill(stored().with_status(BulkActionStatus.CANCELED))
    assert chosen(BulkActionStatus.CANCELED)
    instance.update_backfill(stored().with_status(BulkActionStatus.REQUESTED))
    assert chosen(BulkActionStatus.REQUESTED), "one that has ended may be resumed"
