"""Staging holds what the main dealers have: documents, lines and sums, for every module and both kinds of server."""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pipeline_support import Sandbox, Warehouse, dates_back

from dlt_sources.dgi.endpoints import ENDPOINTS, Endpoint
from orchestration.by_hand import pull_by_hand
from orchestration.settings import Settings

sys.path.insert(0, str(Path(__file__).parents[1] / "dbt"))
from dgi_columns import column_name

pytestmark = pytest.mark.slow

DATES = dates_back(30)
_NOTHING: tuple[int, dict[str, int], dict[str, str]] = (0, {}, {})
Truth = dict[tuple[str, str, str], tuple[int, dict[str, int], dict[str, str]]]


def staging(warehouse: Warehouse, endpoint: Endpoint) -> Truth:
    """By main dealer, dealer and created date: documents, lines by child, sums by field, of what is not deleted."""
    # The sandbox's truth sums amounts and quantities; a sum of percentages means nothing.
    header = [name for name, kind in endpoint.fields.items() if kind == "number"]
    lines = [(child, name) for child, fields in endpoint.children.items() for name, kind in fields.items()
             if kind == "number" and not name.endswith("Percentage")]  # fmt: skip
    counts = [f"sum(jsonb_array_length({column_name(child)}))" for child in endpoint.children]
    sums = [f"coalesce(sum({column_name(name)}), 0)" for name in header]
    sums += [
        f"coalesce(sum((select sum(staging.dgi_number(line -> '{name}')) "
        f"from jsonb_array_elements({column_name(child)}) as line)), 0)"
        for child, name in lines
    ]
    fields = [*header, *(f"{child}.{name}" for child, name in lines)]
    rows = warehouse.rows(
        f"""
        select s.main_dealer_id, s.dealer_id, (s.created_time at time zone m.time_zone)::date::text, count(*)
            {"".join(f", {part}" for part in [*counts, *sums])}
        from staging.stg_dgi__{endpoint.module} as s
        join registry.main_dealer as m on m.id = s.main_dealer_id
        where not s.is_deleted_at_source
        group by 1, 2, 3
        """
    )
    children = len(endpoint.children)
    return {
        (row[0], row[1], row[2]): (
            row[3],
            dict(zip(endpoint.children, row[4 : 4 + children], strict=True)),
            {field: f"{value:.2f}" for field, value in zip(fields, row[4 + children :], strict=True)},
        )
        for row in rows
        if DATES[0].isoformat() <= row[2] <= DATES[-1].isoformat()
    }


def truth(sandbox: Sandbox, endpoint: Endpoint) -> Truth:
    """The same from the sandbox's model."""
    rows: list[dict[str, Any]] = sandbox.truth(
        module=endpoint.module, **{"from": DATES[0].isoformat(), "to": DATES[-1].isoformat()}
    )
    return {
        (row["main_dealer"], row["dealer"], row["date"]): (
            row["documents"],
            {child: row["lines"].get(child, 0) for child in endpoint.children},
            {field: f"{float(value):.2f}" for field, value in row["sums"].items()},
        )
        for row in rows
        if row["documents"]
    }


def compare(warehouse: Warehouse, sandbox: Sandbox, table: list[str]) -> None:
    for endpoint in ENDPOINTS.values():
        there, expected = staging(warehouse, endpoint), truth(sandbox, endpoint)
        for main_dealer in ("Q7X", "K4B"):
            documents = [sum(v[0] for k, v in some.items() if k[0] == main_dealer) for some in (expected, there)]
            lines = [
                sum(sum(v[1].values()) for k, v in some.items() if k[0] == main_dealer) for some in (expected, there)
            ]
            table.append(
                f"{endpoint.module:<10}{main_dealer:<5}{documents[0]:>8}{documents[1]:>8}{lines[0]:>8}{lines[1]:>8}"
            )
        for place in expected.keys() | there.keys():
            is_there, should = there.get(place, _NOTHING), expected.get(place, _NOTHING)
            assert is_there[:2] == should[:2], (endpoint.module, *place)
            for field in is_there[2].keys() | should[2].keys():
                # A day without lines has no sum of theirs on either side.
                sums = [some[2].get(field, "0.00") for some in (is_there, should)]
                assert sums[0] == sums[1], (endpoint.module, *place, field)


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
