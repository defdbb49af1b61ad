"""The partitions of the raw assets: local date x dealer."""

import os
from collections.abc import Iterable
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime

import dagster as dg

from orchestration.pull.asked import Place

DEALERS = dg.DynamicPartitionsDefinition(name="dealer")
# Today belongs to the partitions too: it is refreshed while it lasts.
DATES = dg.DailyPartitionsDefinition(
    start_date=os.environ.get("FIRST_DATE", "2026-01-01"), timezone="Asia/Jakarta", end_offset=1
)
DATE_BY_DEALER = dg.MultiPartitionsDefinition({"date": DATES, "dealer": DEALERS})


def split_key(key: str) -> tuple[date, str]:
    """The local date and the dealer number of a partition key."""
    day, _, dealer_id = key.partition("|")
    return date.fromisoformat(day), dealer_id


def at_one_moment(instance: dg.DagsterInstance) -> AbstractContextManager[object]:
    """Within it the partitions are those that there are now.

    Before a step Dagster lists the partitions of each asset above it as they are at that moment, dates x dealers. With
    one moment for all the list is made once: 4 s in place of 41 for a transform over 330 days of 1,000 dealers.
    """
    return dg.partition_loading_context(datetime.now(UTC), instance)


def places(modules: Iterable[str], keys: Iterable[str]) -> dict[Place, frozenset[date]]:
    """The dates of each module and dealer, for the same partition keys of several modules."""
    by_dealer: dict[str, set[date]] = {}
    for key in keys:
        day, dealer_id = split_key(key)
        by_dealer.setdefault(dealer_id, set()).add(day)
    frozen = {dealer_id: frozenset(days) for dealer_id, days in by_dealer.items()}
    return {(module, dealer_id): days for module in modules for dealer_id, days in frozen.items()}


def in_step(instance: dg.DagsterInstance, registered: Iterable[str]) -> tuple[list[str], list[str]]:
    """Which registered dealers have no partition yet, and which partitions no registered dealer."""
    partitions = dict.fromkeys(instance.get_dynamic_partitions(DEALERS.name or ""))
    dealers = dict.fromkeys(registered)
    return (
        [dealer_id for dealer_id in dealers if dealer_id not in partitions],
        [dealer_id for dealer_id in partitions if dealer_id not in dealers],
    )
