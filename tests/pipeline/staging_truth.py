"""Staging beside the sandbox's truth: documents, lines and sums by main dealer, dealer and created date."""

import sys
from pathlib import Path
from typing import Any

from pipeline_support import Sandbox, Warehouse, dates_back

from dlt_sources.dgi.endpoints import ENDPOINTS, Endpoint

sys.path.insert(0, str(Path(__file__).parents[1] / "dbt"))
from dgi_columns import column_name

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


def truth(sandbox: Sandbox, endpoint: Endpoint, dealers: list[str]) -> Truth:
    """The same from the sandbox's model; of all dealers when none is named."""
    rows: list[dict[str, Any]] = sandbox.truth(
        module=endpoint.module, dealer=dealers, **{"from": DATES[0].isoformat(), "to": DATES[-1].isoformat()}
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


def compare(warehouse: Warehouse, sandbox: Sandbox, table: list[str], dealers: list[str] | None = None) -> None:
    """Fail where staging and the truth differ. What was compared is appended to `table`."""
    for endpoint in ENDPOINTS.values():
        there, expected = staging(warehouse, endpoint), truth(sandbox, endpoint, dealers or [])
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
