"""How runs are started, and how Dagster finds out that one has died: `dagster.yaml` names the launcher.

Uses parts of Dagster that it keeps internal; everything that does so for runs' lives is in this file.
"""

from collections.abc import Iterator

import dagster as dg
from dagster._core.execution.context.system import PlanOrchestrationContext
from dagster._core.execution.plan.plan import ExecutionPlan
from dagster._core.execution.retries import RetryMode
from dagster._core.executor.in_process import InProcessExecutor
from dagster._core.launcher.base import CheckRunHealthResult, WorkerStatus
from dagster._core.launcher.default_run_launcher import DefaultRunLauncher

from orchestration.partitions import at_one_moment
from orchestration.priority import giving_way
from orchestration.run_lock import alive, is_alive
from orchestration.settings import load_settings


class WatchedRunLauncher(DefaultRunLauncher):
    """Starts runs as stock does, and lets run monitoring ask whether their processes live."""

    @property
    def supports_check_run_worker_health(self) -> bool:
        """Run monitoring asks only launchers that say so."""
        return True

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        """Ask the run's lock."""
        return health_of(self._instance, run)


def health_of(instance: dg.DagsterInstance, run: dg.DagsterRun) -> CheckRunHealthResult:
    """A run whose lock is free has no process any more, wherever it was."""
    if is_alive(dagster_url(instance), run.run_id):
        return CheckRunHealthResult(WorkerStatus.RUNNING)
    return CheckRunHealthResult(WorkerStatus.FAILED, "its process is gone")


class _WatchedExecutor(InProcessExecutor):
    """Runs the steps in the run's own process, which holds the run's lock and gives way to people meanwhile."""

    def execute(
        self, plan_context: PlanOrchestrationContext, execution_plan: ExecutionPlan
    ) -> Iterator[dg.DagsterEvent]:
        settings = load_settings()
        roles = {url.username for url in (settings.loader(), settings.transformer()) if url.username}
        instance = plan_context.instance
        with (
            alive(dagster_url(instance), plan_context.run_id),
            giving_way(roles),
            at_one_moment(instance),
        ):
            yield from super().execute(plan_context, execution_plan)


@dg.executor(name="in_process_watched")
def watched_executor(_: dg.InitExecutorContext) -> _WatchedExecutor:
    """A step of its own process would cost five seconds more; what goes side by side does so inside the step."""
    return _WatchedExecutor(retries=RetryMode.ENABLED)


def dagster_url(instance: dg.DagsterInstance) -> str:
    """The address of Dagster's own database."""
    return str(instance.run_storage.postgres_url)  # type: ignore[attr-defined]
