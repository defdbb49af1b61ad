"""What runs first: the queue is Dagster's, and every run enters it with the priority of what it is for.

People come first, then what is due by schedule, then what is made up for, then backfills. A run that was given a
priority of its own (tag `dagster/priority`) keeps it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import dagster as dg
from dagster._core.run_coordinator.base import SubmitRunContext
from dagster._core.run_coordinator.queued_run_coordinator import QueuedRunCoordinator
from dagster._core.storage.tags import (
    BACKFILL_ID_TAG,
    PRIORITY_TAG,
    SCHEDULE_NAME_TAG,
    SENSOR_NAME_TAG,
)

CATCH_UP = "catch_up"


@dataclass(frozen=True)
class Purpose:
    """What a run is for: its place in the queue, and how much of a key's daily quota may be used up when it asks."""

    priority: int
    quota_share: float


BY_HAND = Purpose(0, 1.0)
SCHEDULED = Purpose(-10, 0.9)
# Making up for what was missed leaves the day's own documents their half, until dates are about to close.
CATCHING_UP = Purpose(-20, 0.5)
CLOSING = Purpose(-20, 0.9)
BACKFILL = Purpose(-30, 0.9)


def purpose_of(job_name: str, tags: Mapping[str, str]) -> Purpose:
    """What a run is for, by its job and by who launched it."""
    if BACKFILL_ID_TAG in tags:
        return BACKFILL
    if job_name == CATCH_UP:
        return CATCHING_UP
    return SCHEDULED if SCHEDULE_NAME_TAG in tags or SENSOR_NAME_TAG in tags else BY_HAND


class PrioritisedRunCoordinator(QueuedRunCoordinator):
    """Dagster's queue; gives runs that have none their priority. Named in `dagster.yaml`."""

    def submit_run(self, context: SubmitRunContext) -> dg.DagsterRun:
        """Queue a run."""
        run = context.dagster_run
        if PRIORITY_TAG not in run.tags:
            priority = purpose_of(run.job_name, run.tags).priority
            self._instance.add_run_tags(run.run_id, {PRIORITY_TAG: str(priority)})
        return super().submit_run(context)
