"""Runs on workers of their own, on any number of machines, by Dagster's own launcher for Celery: docs/scaling.md.

Only a process whose `dagster.yaml` names this launcher needs the packages of the extra `workers`. Broker and result
backend are Celery's own settings in the environment, CELERY_BROKER_URL and CELERY_RESULT_BACKEND: they hold a password.
"""

import dagster as dg
from dagster._core.launcher.base import CheckRunHealthResult
from dagster_celery.launcher import CeleryRunLauncher

from orchestration.run_launcher import health_of


class WatchedCeleryRunLauncher(CeleryRunLauncher):
    """Hands a run to whichever worker is free, and sees when the worker dies with it."""

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        """What a worker that was killed said last is «started», for ever; its lock tells the truth."""
        return health_of(self._instance, run)
