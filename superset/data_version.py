"""Which state of the marts an answer is of: when a transform last changed them, and the dealers' day.

dbt keeps the former in marts.data_version (dbt_project/macros/data_version.sql). The day belongs to it because charts
ask for "today" and "the last 30 days".
"""

import logging
import os
import threading
import time
from datetime import datetime
from zoneinfo import ZoneInfo

import psycopg2
from psycopg2.extensions import connection as Connection

logger = logging.getLogger(__name__)

# "Today" and "the last 30 days" are the dealers' days. Their local dates come ready from the warehouse.
TIME_ZONE = os.environ.get("DASHBOARD_TIMEZONE", "Asia/Jakarta")
SECONDS_TO_TRY_AGAIN = 5
# A transform that began this long ago was killed, as a rule: what it changed must show, though it never ends. One that
# does take longer costs a second round of warming and nothing else.
VERSION = """
select changed_at::text || case when running_since < now() - interval '1 hour' then ' and unfinished' else '' end
from marts.data_version
"""
# Short, for requests of people wait for it.
PATIENCE = {"connect_timeout": 2, "tcp_user_timeout": 3000, "options": "-c statement_timeout=2000 -c timezone=UTC"}


class DataVersion:
    """Reads the version over one connection, which threads share and which is opened again when it has broken."""

    def __init__(self, libpq_url: str) -> None:
        self._url = libpq_url
        self._lock = threading.Lock()
        self._connection: Connection | None = None
        self._not_before = 0.0

    def read(self) -> str | None:
        """The version now; None, with a warning in the log, when the warehouse does not tell it."""
        with self._lock:
            if time.monotonic() < self._not_before:
                return None
            try:
                changed_at = self._ask_again_if_broken()
            except psycopg2.Error as reason:
                self._close()
                self._not_before = time.monotonic() + SECONDS_TO_TRY_AGAIN
                logger.warning("The version of the data is not known, so no answer is cached: %s", str(reason).strip())
                return None
        return f"{changed_at}, {datetime.now(ZoneInfo(TIME_ZONE)):%Y-%m-%d}"

    def _ask_again_if_broken(self) -> str:
        try:
            return self._ask()
        except (psycopg2.OperationalError, psycopg2.InterfaceError):  # Postgres may have been restarted since
            self._close()
            return self._ask()

    def _ask(self) -> str:
        if self._connection is None:
            self._connection = psycopg2.connect(self._url, application_name="data version", **PATIENCE)
            self._connection.autocommit = True
        with self._connection.cursor() as cursor:
            cursor.execute(VERSION)
            row = cursor.fetchone()
        if row is None:
            raise psycopg2.DataError("marts.data_version is empty")
        return str(row[0])

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
