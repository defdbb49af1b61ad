"""The 15 raw assets, made from the registry of endpoints, and the job that retries what has failed of them.

One run takes many partitions: a run costs seconds before its first line, so one for each of thousands of partitions
would take the day. Each partition still ends by itself, arrived or failed.
"""

import time
from collections.abc import Iterator
from dataclasses import replace

import dagster as dg

from dlt_sources.dgi.endpoints import ENDPOINTS, Endpoint
from dlt_sources.dgi.processes import ProcessLost
from dlt_sources.dgi.shares import LOST, CallEnded
from orchestration.asking import (
    PullConfig,
    RetryConfig,
    ask_by_config,
    ask_for_failed,
    ask_for_partitions,
    asked_since,
    asset_key,
)
from orchestration.partitions import DATE_BY_DEALER
from orchestration.pull.asked import Asked, Pulled
from orchestration.pull.pulling import Pull
from orchestration.pull.watcher import Watcher
from orchestration.reporting import Reporter, failure, summary
from orchestration.run_queue import purpose_of
from orchestration.settings import load_settings

_LOG_EVERY_SECONDS = 5.0
_RETRIES, _RETRY_SECONDS = 5, 15.0


def _spec(endpoint: Endpoint) -> dg.AssetSpec:
    return dg.AssetSpec(
        key=asset_key(endpoint.module),
        group_name=f"dgi_{endpoint.group.lower()}",
        description=f"{endpoint.label}: {endpoint.description}. Every version as received, from DGI module "
        f"`{endpoint.module}`.",
        kinds={"dlt", "postgres"},
        metadata={
            "table": f"raw.{endpoint.module}",
            "job_type": endpoint.job_type,
            "key": " + ".join(endpoint.key),
            "children": ", ".join(endpoint.children) or "none",
        },
        skippable=True,
    )


@dg.multi_asset(
    name="dgi",
    specs=[_spec(endpoint) for endpoint in ENDPOINTS.values()],
    partitions_def=DATE_BY_DEALER,
    backfill_policy=dg.BackfillPolicy.single_run(),
    can_subset=True,
    required_resource_keys={"watcher"},
)
def raw_documents(context: dg.AssetExecutionContext, config: PullConfig) -> Iterator[dg.MaterializeResult]:
    """Pull the partitions of the run, or those of the config when it was launched without any."""
    if context.run.is_partitioned:
        asked = ask_for_partitions(context)
    else:
        modules = [key.path[-1] for key in context.selected_asset_keys]
        asked = ask_by_config(config, modules, load_settings(), asked_since(context.instance, context.run))
    pulled = pull_asked(context, _within_quota(context, asked))
    # Partitions are reported in batches, so results are left out: each would report all of them once more. Only what
    # comes after the pull in the same run needs them, and the batches, being later, are what counts.
    if _has_others(context) and not pulled.failed:
        yield from (dg.MaterializeResult(asset_key=key) for key in sorted(context.selected_asset_keys))
    Reporter(context.instance, context.run, raw_documents.op.name, context.run.is_partitioned).report(pulled)
    finish(context, pulled)


@dg.op(required_resource_keys={"watcher"})
def pull_failed(context: dg.OpExecutionContext, config: RetryConfig) -> None:
    """Pull again every partition that is marked failed, in one run; what arrived is left alone."""
    asked = ask_for_failed(context.instance, config, asked_since(context.instance, context.run))
    pulled = pull_asked(context, _within_quota(context, asked))
    Reporter(context.instance, context.run, pull_failed.name, planned=False).report(pulled)
    finish(context, pulled)


@dg.job(
    description="Retries all failed partitions of the raw assets, however scattered, in one run. Launch it as it is, "
    "or name dealers and modules in the config."
)
def retry_failed() -> None:
    """One run over everything that has failed."""
    pull_failed()


pull = dg.define_asset_job(
    "pull",
    selection=dg.AssetSelection.assets(*(asset_key(module) for module in ENDPOINTS)).without_checks(),
    description="Pulls the dates, dealers and modules of its config; by default yesterday and today of every dealer.",
)


def _has_others(context: dg.AssetExecutionContext) -> bool:
    """Whether the run goes on with assets downstream of these."""
    return bool(context.job_def.asset_layer.selected_asset_keys - raw_documents.keys)


def _within_quota(context: dg.AssetExecutionContext | dg.OpExecutionContext, asked: Asked) -> Asked:
    return replace(asked, quota_share=purpose_of(context.run.job_name, context.run.tags).quota_share)


def pull_asked(context: dg.AssetExecutionContext | dg.OpExecutionContext, asked: Asked) -> Pulled:
    """Pull what is asked for and tell the run's log how it goes."""
    watcher: Watcher = context.resources.watcher
    logged = time.monotonic()

    def progress(ended: int, of: int, call: CallEnded) -> None:
        nonlocal logged
        watcher.call_ended(ended, of, call)
        if not call.has_arrived:
            context.log.warning(f"{call.module} {call.dealer_id}: {call.outcome}: {call.reason}")
        if time.monotonic() - logged > _LOG_EVERY_SECONDS:
            logged = time.monotonic()
            context.log.info(f"{ended:,} of {of:,} calls ended")

    context.log.info(f"{sum(len(days) for days in asked.dates.values()):,} partitions asked for")
    try:
        pulled = Pull(load_settings(), asked, context.run.run_id, progress).run()
    except (*LOST, ProcessLost) as lost:
        # What had been committed counts as asked for.
        raise dg.RetryRequested(max_retries=_RETRIES, seconds_to_wait=_RETRY_SECONDS) from lost
    context.log.info(summary(pulled))
    return pulled


def finish(context: dg.AssetExecutionContext | dg.OpExecutionContext, pulled: Pulled) -> None:
    """Tell the watcher that all is reported, and end the run as failed when something did."""
    watcher: Watcher = context.resources.watcher
    watcher.pull_ended(pulled)
    if pulled.failed:
        raise failure(pulled)
