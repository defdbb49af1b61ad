"""What is lost and what is doubled, counted against the sandbox's truth; and core against staging."""

from collections import Counter
from collections.abc import Iterable
from datetime import date

from core_tables import DOCUMENT_TABLES, LINE_TABLES
from dgi_columns import column_name
from loading import Raw
from pipeline_support import Warehouse
from sandbox_orders import Sandbox

Place = tuple[str, str, date]  # module, dealer, created date


def lost_and_doubled(raw: Raw, sandbox: Sandbox, asked: Iterable[Place]) -> tuple[int, int]:
    """Documents of the places asked for that raw lacks, and rows of raw that say the same as another."""
    asked = set(asked)
    modules, dealers = sorted({place[0] for place in asked}), sorted({place[1] for place in asked})
    there: Counter[Place] = Counter()
    rows = 0
    for module in modules:
        found = raw.rows(module, "dealer_id, document_key, content_hash, (created_time at time zone time_zone)::date")
        rows += len(found) - len(set(found))
        there.update((module, dealer, day) for dealer, _, day in {(row[0], row[1], row[3]) for row in found})
    first, last = (pick(place[2] for place in asked).isoformat() for pick in (min, max))
    truth: Counter[Place] = Counter()
    for row in sandbox.truth(module=modules, dealer=dealers, **{"from": first, "to": last}):
        truth[row["module"], row["dealer"], date.fromisoformat(row["date"])] += row["documents"]
    assert sum(truth[place] for place in asked) > 0, "nothing was there to be lost"
    return sum(max(0, truth[place] - there[place]) for place in asked), rows


def assert_core_is_staging(warehouse: Warehouse) -> None:
    """Core holds every document and every line of staging, once."""
    for module, table in DOCUMENT_TABLES.items():
        by_dealer = "select dealer_id, count(*), count(distinct document_key) from {} group by 1 order by 1"
        there = warehouse.rows(by_dealer.format(f"core.{table}"))
        assert there == warehouse.rows(by_dealer.format(f"staging.stg_dgi__{module}")), table
        assert there, f"core.{table} is empty"
    for (module, child), table in LINE_TABLES.items():
        lines = f"select sum(jsonb_array_length({column_name(child)})) from staging.stg_dgi__{module}"
        assert warehouse.one(f"select count(*) from core.{table}") == warehouse.one(lines), table
