"""How tests let the sensor `catch_up` tick, and what it asks for run, without a daemon."""

from dagster import DagsterInstance, RunRequest, SensorResult, SkipReason, build_sensor_context

from orchestration.catch_up import catch_up, catch_up_job
from orchestration.definitions import build_definitions
from orchestration.partitions import DEALERS
from orchestration.pull.watcher import Watcher


class CatchUp:
    """The sensor with its cursor."""

    def __init__(self, instance: DagsterInstance) -> None:
        self._instance = instance
        self._job = build_definitions(Watcher()).resolve_job_def(catch_up_job.name)
        self.cursor: str | None = None
        self.said = ""

    def look(self) -> RunRequest | None:
        """One tick: the run that it asks for; partitions that it asks for are added."""
        context = build_sensor_context(instance=self._instance, cursor=self.cursor)
        result = catch_up(context)
        self.cursor = context.cursor
        if isinstance(result, SkipReason):
            self.said = result.skip_message or ""
            return None
        assert isinstance(result, SensorResult)
        for request in result.dynamic_partitions_requests or ():
            self._instance.add_dynamic_partitions(DEALERS.name or "", list(request.partition_keys))
        (run,) = result.run_requests or ()
        return run

    def run(self) -> bool:
        """What a run of the job does, in this process. Returns whether everything arrived."""
        return self._job.execute_in_process(
            instance=self._instance, raise_on_error=False,
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        ).success  # fmt: skip

    def until_nothing_is_missing(self, most: int = 20) -> list[bool]:
        """Tick and run as the daemon does. Returns how each run ended."""
        ended: list[bool] = []
        while self.look():
            ended.append(self.run())
            assert len(ended) < most, "it does not come to an end"
        return ended
