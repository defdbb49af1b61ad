"""Superset's action log and SQL Lab's statements go after KEEP_LOGS_DAYS: they tell who looked at what.

Superset's tasks for that need Celery's clock, which runs only where reports are on. So its own commands run here: in
each process with the first action that is logged, then once a day.
"""

import logging
import time

SECONDS_BETWEEN = 86_400.0
# In one go: a log that has grown for years must not make somebody wait for minutes.
MOST_ENTRIES = 20_000


class LogRetention:
    """Removes what is old, at most once a day."""

    def __init__(self, days: int) -> None:
        self._days = days
        self._next = float("-inf")

    def apply(self) -> None:
        """Remove what is older, unless this was done today; that it fails is said in the log and stops nobody."""
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + SECONDS_BETWEEN
        # In Superset's environment alone, and only once its application is there.
        from superset.commands.logs.prune import LogPruneCommand
        from superset.commands.sql_lab.query import QueryPruneCommand
        from superset.extensions import db

        try:
            LogPruneCommand(self._days, MOST_ENTRIES).run()
            QueryPruneCommand(self._days).run()
        except Exception:
            db.session.rollback()
            logging.getLogger(__name__).exception("entries older than %s days could not be removed", self._days)
