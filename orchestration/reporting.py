"""Tells Dagster what became of each partition: thousands of events in a few statements.

Uses Dagster's own batch form of its events, which it keeps internal; everything that does so is in this file.
"""

import logging
from collections.abc import Iterable

import dagster as dg
from dagster._core.events import (
    AssetMaterializationPlannedData,
    AssetObservationData,
    DagsterEvent,
    DagsterEventBatchMetadata,
    StepMaterializationData,
    generate_event_batch_id,
)

from orchestration.asking import asset_key
from orchestration.pull.asked import Arrived, Failed, Partition, Pulled

_SHOWN = 25


class Reporter:
    """Reports a run's partitions as events of its step."""

    def __init__(self, instance: dg.DagsterInstance, run: dg.DagsterRun, step_key: str, planned: bool) -> None:
        self._instance = instance
        self._run = run
        self._step_key = step_key
        self._planned = planned

    def report(self, pulled: Pulled) -> None:
        """Mark what arrived as materialized, and what failed as failed with an observation that says why.

        Dagster counts a partition as failed when its run planned it, did not materialize it and failed. A run that was
        launched with partitions planned them all; any other plans its failures here.
        """
        for module in sorted({partition.module for partition in [*pulled.arrived, *pulled.failed]}):
            failed = {p: verdict for p, verdict in pulled.failed.items() if p.module == module}
            if not self._planned:
                self._send(self._plan(partition) for partition in failed)
            self._send(self._observation(p, verdict) for p, verdict in failed.items())
            arrived = {p: verdict for p, verdict in pulled.arrived.items() if p.module == module}
            self._send(self._materialization(p, verdict) for p, verdict in arrived.items())

    def _send(self, events: Iterable[DagsterEvent]) -> None:
        batch_id, listed = generate_event_batch_id(), list(events)
        for number, event in enumerate(listed, start=1):
            metadata = DagsterEventBatchMetadata(batch_id, is_end=number == len(listed))
            self._instance.report_dagster_event(event, self._run.run_id, logging.DEBUG, batch_metadata=metadata)

    def _plan(self, partition: Partition) -> DagsterEvent:
        data = AssetMaterializationPlannedData(asset_key(partition.module), partition=partition.key)
        return DagsterEvent.build_asset_materialization_planned_event(self._run.job_name, self._step_key, data)

    def _materialization(self, partition: Partition, arrived: Arrived) -> DagsterEvent:
        materialization = dg.AssetMaterialization(
            asset_key=asset_key(partition.module),
            partition=partition.key,
            metadata={
                "documents": arrived.documents,
                "bytes": arrived.bytes,
                "calls": 1,
                "duration_seconds": round(arrived.seconds, 3),
                "called_at": dg.MetadataValue.timestamp(arrived.called_at),
                "call_id": arrived.call_id,
            },
        )
        data = StepMaterializationData(materialization)
        return self._event(dg.DagsterEventType.ASSET_MATERIALIZATION, data, partition)

    def _observation(self, partition: Partition, failed: Failed) -> DagsterEvent:
        observation = dg.AssetObservation(
            asset_key=asset_key(partition.module),
            partition=partition.key,
            description=failed.reason,
            metadata={
                "failure": failed.reason,
                "call_id": failed.call_id or "no call was made",
                "run": dg.MetadataValue.dagster_run(self._run.run_id),
                "retry": "launch the job retry_failed: it takes all that has failed, in one run",
            },
        )
        return self._event(dg.DagsterEventType.ASSET_OBSERVATION, AssetObservationData(observation), partition)

    def _event(
        self,
        kind: dg.DagsterEventType,
        data: StepMaterializationData | AssetObservationData,
        partition: Partition,
    ) -> DagsterEvent:
        return DagsterEvent(
            event_type_value=kind.value,
            job_name=self._run.job_name,
            step_key=self._step_key,
            event_specific_data=data,
            message=f"{partition.module} {partition.key}",
        )


def summary(pulled: Pulled) -> str:
    """One line on a pull."""
    return (
        f"{len(pulled.arrived):,} partitions arrived, {len(pulled.failed):,} failed, {len(pulled.skipped):,} "
        f"skipped; {pulled.calls:,} calls ({pulled.requests:,} requests), {pulled.documents:,} documents, "
        f"{pulled.added:,} new or changed, {pulled.rejected:,} records rejected"
    )


def failure_rows(pulled: Pulled) -> list[tuple[str, str, str, str]]:
    """The failures as (module, dealer, dates, reason), each module, dealer and reason once."""
    grouped: dict[tuple[str, str, str], list[str]] = {}
    for partition, failed in pulled.failed.items():
        place = (partition.module, partition.dealer_id, failed.reason)
        grouped.setdefault(place, []).append(partition.day.isoformat())
    rows = []
    for (module, dealer_id, reason), days in sorted(grouped.items()):
        dates = min(days) if len(days) == 1 else f"{min(days)} to {max(days)} ({len(days)})"
        rows.append((module, dealer_id, dates, reason))
    return rows


def failure(pulled: Pulled) -> dg.Failure:
    """The end of a run of which something failed. Stock retries would fetch again what arrived, so there are none."""
    rows = failure_rows(pulled)
    table = "| module | dealer | dates | reason |\n|---|---|---|---|\n"
    table += "\n".join(f"| {' | '.join(row)} |" for row in rows[:_SHOWN])
    if len(rows) > _SHOWN:
        table += f"\n\n… and {len(rows) - _SHOWN} more, in raw.api_call"
    first = "; ".join(f"{module} {dealer_id}: {reason}" for module, dealer_id, _, reason in rows[:3])
    return dg.Failure(
        description=f"{len(pulled.failed):,} of {len(pulled.failed) + len(pulled.arrived):,} partitions failed: {first}"
        + (f" … and {len(rows) - 3} more" if len(rows) > 3 else ""),
        metadata={"failed": len(pulled.failed), "arrived": len(pulled.arrived), "why": dg.MetadataValue.md(table)},
        allow_retries=False,
    )
