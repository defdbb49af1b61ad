"""Checks of what is stored, made on their own once a day and not with every pull or transform: they read all of it.

`quality` runs the dbt tests tagged so, each as a check of the model that it concerns: reconciliation of raw, staging
and core, sums, unknown codes, links that lead nowhere, the grain of staging and of the marts. `freshness` tells of each
raw asset which dealers are late.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any

import dagster as dg
import psycopg2
from dagster_dbt import DbtCliResource, DbtProject
from psycopg2 import sql

from dlt_sources.dgi.endpoints import ENDPOINTS
from orchestration.asking import asset_key
from orchestration.assets.dbt_models import QUALITY, Translator
from orchestration.freshness import LAST_CALLS, LATE_AFTER_HOURS
from orchestration.settings import load_settings

_SHOWN = 20
_ENDED_WITH_ERROR = 2
_REMEDY = (
    "raw.api_call says why (outcome, reason). Mend the cause, or disable a dealer that is to be left alone, then "
    "launch the job retry_failed."
)


@dg.multi_asset_check(
    specs=[
        dg.AssetCheckSpec(
            "freshness",
            asset=asset_key(module),
            description=f"Every enabled dealer's call has arrived within {LATE_AFTER_HOURS} hours",
        )
        for module in ENDPOINTS
    ],
    can_subset=True,
)
def freshness(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
    """How many dealers that can be pulled have no recent call that arrived, per module."""
    last_calls = query_warehouse(LAST_CALLS, {"late_after": LATE_AFTER_HOURS})
    for key in sorted(context.selected_asset_check_keys):
        dealers = [row for row in last_calls if row[0] == key.asset_key.path[-1]]
        late = [
            {
                "main dealer": main_dealer_id,
                "dealer": dealer_id,
                "hours since the last call": "never" if hours is None else f"{hours:.0f}",
            }
            for _, dealer_id, hours, is_late, main_dealer_id, *_ in dealers
            if is_late
        ]
        metadata: dict[str, Any] = {"late": len(late), "dealers": len(dealers)}
        if late:
            metadata |= {"remedy": _REMEDY, "longest late": to_table(late[:_SHOWN])}
        yield dg.AssetCheckResult(
            asset_key=key.asset_key,
            check_name=key.name,
            passed=not late,
            severity=dg.AssetCheckSeverity.WARN,
            description=f"{len(late):,} of {len(dealers):,} dealers are late" if late else None,
            metadata=metadata,
        )


def build_quality_checks(project: DbtProject) -> dg.AssetChecksDefinition:
    """The dbt tests tagged `quality`, each as a check of the model that it or its `meta.dagster.ref` names."""
    nodes = json.loads(project.manifest_path.read_text())["nodes"]
    models = {node["name"]: node for node in nodes.values() if node["resource_type"] == "model"}
    translator = Translator()

    def spec(test: Mapping[str, Any]) -> dg.AssetCheckSpec:
        attached = test.get("attached_node")
        model = nodes[attached] if attached else models[test["meta"]["dagster"]["ref"]["name"]]
        description = test["meta"].get("description") or test["description"] or None
        return dg.AssetCheckSpec(test["name"], asset=translator.get_asset_key(model), description=description)

    specs = [spec(node) for node in nodes.values() if node["resource_type"] == "test" and QUALITY in node["tags"]]

    @dg.multi_asset_check(name=QUALITY, specs=specs, can_subset=True)
    def quality(context: dg.AssetCheckExecutionContext, dbt: DbtCliResource) -> Iterator[dg.AssetCheckResult]:
        keys = {key.name: key for key in context.selected_asset_check_keys}
        invocation = dbt.cli(["test", "--select", " ".join(keys)], raise_on_error=False).wait()
        if invocation.process.returncode == _ENDED_WITH_ERROR and (error := invocation.get_error()):
            raise error
        for result in invocation.get_artifact("run_results.json")["results"]:
            name = result["unique_id"].split(".")[2]
            if name in keys:  # the others are what runs before the tests
                yield _check_result(keys[name], result)

    return quality


def _check_result(key: dg.AssetCheckKey, result: Mapping[str, Any]) -> dg.AssetCheckResult:
    """What dbt says of a test, with the rows that count most when there is something to see."""
    status, count = result["status"], result["failures"]
    metadata: dict[str, Any] = {"seconds": result["execution_time"]}
    description = None
    if status not in ("pass", "warn", "fail"):
        description = result["message"] or status
    elif count:
        description = f"{count:,} found"
        metadata |= {"count": count, "most": to_table(_most(result["compiled_code"]))}
    return dg.AssetCheckResult(
        asset_key=key.asset_key,
        check_name=key.name,
        passed=status == "pass",
        severity=dg.AssetCheckSeverity.WARN if status == "warn" else dg.AssetCheckSeverity.ERROR,
        description=description,
        metadata=metadata,
    )


def _most(test: str) -> list[dict[str, Any]]:
    """The first rows that a test gives; of those with a `count` the ones that count most."""
    rows = "select to_json(found) from ({}) as found order by to_jsonb(found) -> 'count' desc nulls last limit {}"
    found = query_warehouse(sql.SQL(rows).format(sql.SQL(test), sql.Literal(_SHOWN)))
    return [{name.removesuffix("_id").replace("_", " "): value for name, value in row.items()} for (row,) in found]


def query_warehouse(query: str | sql.Composable, values: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
    """The rows of a query on the warehouse, as the role that transforms it."""
    url = load_settings().transformer().set(drivername="postgresql").render_as_string(hide_password=False)
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(query, values)
        return list(cursor.fetchall())


def to_table(rows: Sequence[Mapping[str, Any]]) -> dg.TableMetadataValue:
    """Rows as a table on a check's page."""
    return dg.MetadataValue.table([dg.TableRecord(dict(row)) for row in rows])
