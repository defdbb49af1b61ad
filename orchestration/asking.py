"""From a Dagster run to the partitions that it asks for: by its tags, by its config, or by what has failed."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

import dagster as dg
from dagster._core.storage.partition_status_cache import get_and_update_asset_status_cache_value
from dagster._core.storage.tags import BACKFILL_ID_TAG

from dlt_sources.dgi.endpoints import ENDPOINTS
from orchestration.partitions import DATE_BY_DEALER, places, split_key
from orchestration.pull.asked import Asked, Place
from orchestration.registry.store import open_registry
from orchestration.settings import Settings


class PullConfig(dg.Config):
    """What a run without partitions pulls: how the schedules and `dealers pull` ask. Empty lists mean all.

    `modules_by_dealer` takes the place of `dealers` and `modules` where dealers differ in their modules.
    """

    first: str = ""
    last: str = ""
    days: int = 2
    dealers: list[str] = []  # noqa: RUF012 (a pydantic field)
    modules: list[str] = []  # noqa: RUF012
    modules_by_dealer: dict[str, list[str]] = {}  # noqa: RUF012


class RetryConfig(dg.Config):
    """Which failed partitions to retry. Empty lists mean all."""

    dealers: list[str] = []  # noqa: RUF012
    modules: list[str] = []  # noqa: RUF012


def asset_key(module: str) -> dg.AssetKey:
    """The asset of a module's raw table."""
    return dg.AssetKey(["raw", module])


def asked_since(instance: dg.DagsterInstance, run: dg.DagsterRun) -> datetime:
    """When what a run does was asked for: its backfill's start, or that of the run that it retries."""
    if backfill_id := run.tags.get(BACKFILL_ID_TAG):
        backfill = instance.get_backfill(backfill_id)
        if backfill:
            return datetime.fromtimestamp(backfill.backfill_timestamp, UTC)
    record = instance.get_run_record_by_id(run.root_run_id or run.run_id)
    return record.create_timestamp if record else datetime.now(UTC)


def ask_for_partitions(context: dg.AssetExecutionContext) -> Asked:
    """The partitions in a run's tags, as the Dagster UI and its backfills launch it."""
    modules = [key.path[-1] for key in context.selected_asset_keys]
    dates = places(modules, context.partition_keys)
    around = _around(context, modules, {dealer_id for _, dealer_id in dates})
    return Asked(dates, asked_since(context.instance, context.run), around)


def ask_by_config(config: PullConfig, modules: Iterable[str], settings: Settings, asked_at: datetime) -> Asked:
    """The dates, dealers and modules of a config; by default the last `days` days of every enabled dealer."""
    # Partitions are dated in Jakarta's day, which begins last but one; a main dealer's own «today» is applied later.
    today = (datetime.now(UTC) + timedelta(hours=7)).date()
    last = date.fromisoformat(config.last) if config.last else today
    first = date.fromisoformat(config.first) if config.first else last - timedelta(days=config.days - 1)
    days = frozenset(first + timedelta(days=n) for n in range((last - first).days + 1))
    if config.modules_by_dealer:
        named = config.modules_by_dealer.items()
        return Asked({(module, dealer_id): days for dealer_id, some in named for module in some}, asked_at)
    chosen = [module for module in modules if not config.modules or module in config.modules]
    dealers = config.dealers or _enabled_dealers(settings)
    return Asked({(module, dealer_id): days for module in chosen for dealer_id in dealers}, asked_at)


def ask_for_failed(instance: dg.DagsterInstance, config: RetryConfig, asked_at: datetime) -> Asked:
    """Every partition that Dagster shows as failed, however scattered."""
    dates: dict[Place, frozenset[date]] = {}
    for module in config.modules or ENDPOINTS:
        status = get_and_update_asset_status_cache_value(instance, asset_key(module), DATE_BY_DEALER)
        if status is None:
            continue
        failed = status.deserialize_failed_partition_subsets(DATE_BY_DEALER).get_partition_keys()
        keys = [key for key in failed if not config.dealers or split_key(key)[1] in config.dealers]
        dates |= places([module], keys)
    return Asked(dates, asked_at)


def _around(context: dg.AssetExecutionContext, modules: list[str], dealers: set[str]) -> dict[Place, frozenset[date]]:
    """All dates that the run's backfill asks for, for this run's dealers: so one window can serve several runs."""
    backfill_id = context.run.tags.get(BACKFILL_ID_TAG)
    backfill = context.instance.get_backfill(backfill_id) if backfill_id else None
    if backfill is None or not backfill.is_asset_backfill:
        return {}
    target = backfill.get_asset_backfill_data(context.repository_def.asset_graph)
    around: dict[Place, frozenset[date]] = {}
    for module in modules:
        subset = target.get_target_partitions_subset(asset_key(module))
        if subset is not None:
            keys = [key for key in subset.get_partition_keys() if split_key(key)[1] in dealers]
            around |= places([module], keys)
    return around


def _enabled_dealers(settings: Settings) -> list[str]:
    with open_registry(settings, url=settings.loader()) as registry:
        return [dealer.id for dealer in registry.dealers(enabled_only=True)]
