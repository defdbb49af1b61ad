"""Dagster's storages on Postgres, for processes that outlive their Postgres. Named in `dagster.yaml`.

The webserver keeps connections open, and stock hands out one that ended with Postgres: after a restart, the first
clicks of a person failed with «server closed the connection unexpectedly». Here each is tried before it is used.

The first time that somebody looks at an asset with partitions the webserver counts all of them, and keeps what it
counted. Stock ends such a question after 15 s, each time anew: an asset of 730,000 partitions would never be shown.

Stock forgets that a backfill was cancelled while the daemon worked on it.

Stock gives up a Postgres that does not answer after some ten seconds, and a run that could not write what it had done
failed of it. Here a server that starts again is waited for. Only connecting is repeated: what was under way on a
connection that broke may have been written.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Self

import tenacity
from dagster._core.execution.backfill import BulkActionStatus, PartitionBackfill
from dagster._core.storage.runs.schema import BulkActionsTable
from dagster._serdes import ConfigurableClassData, serialize_value
from dagster_postgres.run_storage import PostgresRunStorage
from dagster_postgres.schedule_storage import PostgresScheduleStorage
from dagster_postgres.utils import pg_url_from_config
from sqlalchemy import Connection, Engine, case
from sqlalchemy.exc import DatabaseError, TimeoutError

# A Postgres that was killed replays its log before it answers.
_PATIENCE_SECONDS = 60.0
_COUNTING_MILLISECONDS = 120_000
# Nobody waits longer for a page.
_PATIENCE_OF_PEOPLE_SECONDS = 10.0


class OutlivesPostgres:
    """What differs from stock, for each of its storages."""

    _engine: Engine
    _patience_seconds = _PATIENCE_SECONDS

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]) -> Self:
        """Make the storage from `dagster.yaml`; stock would make its own class."""
        autocreate = config_value.get("should_autocreate_tables", True)
        return cls(pg_url_from_config(config_value), autocreate, inst_data)  # type: ignore[call-arg]

    def optimize_for_webserver(self, statement_timeout: int, pool_recycle: int, max_overflow: int) -> None:
        """Keep connections open; times in ms and s."""
        statement_timeout = max(statement_timeout, _COUNTING_MILLISECONDS)
        super().optimize_for_webserver(statement_timeout, pool_recycle, max_overflow)  # type: ignore[misc]
        # What `pool_pre_ping` does when an engine is made, which stock leaves out.
        self._engine.pool._pre_ping = True
        self._patience_seconds = _PATIENCE_OF_PEOPLE_SECONDS

    @contextmanager
    def connect(self, run_id: str | None = None) -> Iterator[Connection]:
        """A connection that works, as soon as there is one."""
        connecting = tenacity.Retrying(
            stop=tenacity.stop_after_delay(self._patience_seconds),
            wait=tenacity.wait_exponential_jitter(initial=0.2, max=2, jitter=0.5),
            retry=tenacity.retry_if_exception_type((DatabaseError, TimeoutError)),
            reraise=True,
        )
        with connecting(self._engine.connect) as connection:
            yield connection


class RunStorage(OutlivesPostgres, PostgresRunStorage):
    """Runs and backfills."""

    def update_backfill(self, partition_backfill: PartitionBackfill) -> None:
        """Store what has become of a backfill. One that somebody has cancelled meanwhile stays so.

        The daemon reads a backfill, works out its partitions and stores it, which takes seconds when they are many.
        Stock forgot a click on «Cancel» in between.
        """
        if partition_backfill.status is not BulkActionStatus.REQUESTED:
            super().update_backfill(partition_backfill)
            return
        is_cancelled = BulkActionsTable.c.status == BulkActionStatus.CANCELING.value
        cancelled = partition_backfill.with_status(BulkActionStatus.CANCELING)
        values = {
            column: case((is_cancelled, of_cancelled), else_=of_going_on)
            for column, of_cancelled, of_going_on in [
                ("status", cancelled.status.value, partition_backfill.status.value),
                ("body", serialize_value(cancelled), serialize_value(partition_backfill)),
            ]
        }
        key = BulkActionsTable.c.key == partition_backfill.backfill_id
        with self.connect() as connection:
            stored = connection.execute(BulkActionsTable.update().where(key).values(values)).rowcount
        if not stored:
            super().update_backfill(partition_backfill)  # which says that there is none


class ScheduleStorage(OutlivesPostgres, PostgresScheduleStorage):
    """Schedules and sensors."""
