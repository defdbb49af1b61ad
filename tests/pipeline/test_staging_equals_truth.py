"""Staging holds what the main dealers have: documents, lines and sums, for every module and both kinds of server."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pipeline_support import Sandbox, Warehouse
from staging_truth import DATES, compare

from dlt_sources.dgi.endpoints import ENDPOINTS
from orchestration.by_hand import pull_by_hand
from orchestration.settings import Settings

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def table() -> Any:
    rows = ["module    md      truth staging   lines staging"]
    yield rows
    print("\n" + "\n".join(rows))


def pull(settings: Settings, transform: bool = False) -> None:
    assert pull_by_hand(settings, DATES[0], DATES[-1], [], [], transform)


def test_first_pull_then_again_then_later(
    settings: Settings, warehouse: Warehouse, sandbox: Sandbox, table: list[str]
) -> None:
    """One story in order: what is there three days ago; the same again adds nothing; what has changed since arrives."""
    now = datetime.now(UTC) - timedelta(minutes=1)
    sandbox.set_clock(now - timedelta(days=3))
    pull(settings, transform=True)
    compare(warehouse, sandbox, [])

    before = warehouse.raw_counts(ENDPOINTS)
    pull(settings)
    assert warehouse.raw_counts(ENDPOINTS) == before

    sandbox.set_clock(now)
    pull(settings)
    compare(warehouse, sandbox, table)
    after = warehouse.raw_counts(ENDPOINTS)
    changed = warehouse.one("select count(*) from (select 1 from raw.doch group by dealer_id, document_key "
                            "having count(distinct content_hash) > 1) as changed")  # fmt: skip
    assert changed > 0, "no document changed in three days: the test shows nothing"
    gone = sum(
        warehouse.one(f"select count(*) from staging.stg_dgi__{m} where is_deleted_at_source") for m in ENDPOINTS
    )
    assert gone > 0, "no document was deleted in three days: the test shows nothing"

    pull(settings)
    assert warehouse.raw_counts(ENDPOINTS) == after
    unread = sum(
        warehouse.one(f"select count(*) from staging.stg_dgi__{m} where unread_fields <> '{{}}'") for m in ENDPOINTS
    )
    assert unread == 0
    assert warehouse.one("select count(*) from raw.rejected_record") == 0
