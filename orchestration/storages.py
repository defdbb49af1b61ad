"""Dagster's storages on Postgres, for a webserver that outlives its Postgres. Named in `dagster.yaml`.

The webserver keeps connections open, and stock hands out one that ended with Postgres: after a restart, the first
clicks of a person failed with «server closed the connection unexpectedly». Here each is tried before it is used.
"""

from collections.abc import Mapping
from typing import Any, Self

from dagster._serdes import ConfigurableClassData
from dagster_postgres.run_storage import PostgresRunStorage
from dagster_postgres.schedule_storage import PostgresScheduleStorage
from dagster_postgres.utils import pg_url_from_config
from sqlalchemy import Engine


def try_connections_of(engine: Engine) -> None:
    """Do what `pool_pre_ping` does when an engine is made, which stock leaves out."""
    engine.pool._pre_ping = True


class RunStorage(PostgresRunStorage):
    """Stock but for that."""

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]) -> Self:
        """Make the storage from `dagster.yaml`; stock would make its own class."""
        return cls(pg_url_from_config(config_value), inst_data=inst_data)

    def optimize_for_webserver(self, statement_timeout: int, pool_recycle: int, max_overflow: int) -> None:
        """Keep connections open; times in ms and s."""
        super().optimize_for_webserver(statement_timeout, pool_recycle, max_overflow)
        try_connections_of(self._engine)


class ScheduleStorage(PostgresScheduleStorage):
    """Stock but for that."""

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]) -> Self:
        """Make the storage from `dagster.yaml`; stock would make its own class."""
        return cls(pg_url_from_config(config_value), inst_data=inst_data)

    def optimize_for_webserver(self, statement_timeout: int, pool_recycle: int, max_overflow: int) -> None:
        """Keep connections open; times in ms and s."""
        super().optimize_for_webserver(statement_timeout, pool_recycle, max_overflow)
        try_connections_of(self._engine)
