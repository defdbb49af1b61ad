"""The job check_quality: layers agree after a pull; what is broken then is seen by the check that it concerns."""

import dagster as dg
import pytest
from pipeline_support import BOOK, Sandbox, Warehouse

from dlt_sources.dgi.endpoints import ENDPOINTS
from orchestration.automation import CHECK_QUALITY
from orchestration.definitions import build_definitions
from orchestration.pull.watcher import Watcher
from orchestration.settings import Settings

# Checks that each raw asset has.
OF_RAW = ("documented_fields", "freshness")
# What they are named by that say what there is one row of.
GRAINS = ("one_row_per_", "unique_", "not_null_")
pytestmark = [pytest.mark.slow, pytest.mark.stories, pytest.mark.timeout(900)]

Results = dict[str, dg.AssetCheckEvaluation]


@pytest.fixture(scope="module")
def definitions(settings: Settings) -> dg.Definitions:
    return build_definitions(Watcher())


@pytest.fixture(scope="module")
def after_a_pull(two_weeks: Warehouse, definitions: dg.Definitions) -> Results:
    """What the checks say of two weeks of the whole fleet."""
    return check(definitions)


def check(definitions: dg.Definitions) -> Results:
    """Run the job and give what its checks say: by name, those of freshness by module."""
    with dg.DagsterInstance.get() as instance:
        run = definitions.resolve_job_def(CHECK_QUALITY).execute_in_process(instance=instance, raise_on_error=False)
    assert run.success
    return {
        f"{one.check_name} of {one.asset_key.path[-1]}" if one.check_name in OF_RAW else one.check_name: one
        for one in run.get_asset_check_evaluations()
    }


def number(results: Results, name: str, of: str = "count") -> int:
    metadata = results[name].metadata
    return int(metadata[of].value) if of in metadata else 0


def layer_of(result: dg.AssetCheckEvaluation) -> str:
    """The schema of the model that a check concerns."""
    return result.asset_key.path[0]


def test_the_layers_agree_after_a_pull(after_a_pull: Results) -> None:
    kinds = ("reconciliation__", "sums__", "freshness of ")
    clean = {name: one for name, one in after_a_pull.items() if name.startswith(kinds)}
    assert len(clean) == 15 + 8 + 15
    grains = {name: one for name, one in after_a_pull.items() if name.startswith(GRAINS)}
    assert {layer_of(one) for one in grains.values()} == {"staging", "marts", "restricted"}
    of_staging = [name for name, one in grains.items() if layer_of(one) == "staging"]
    assert len(of_staging) == 15 + sum(len(endpoint.key) for endpoint in ENDPOINTS.values())
    clean |= grains
    assert {name: one.description for name, one in clean.items() if not one.passed} == {}
    # Documents of two weeks link to earlier ones, and one main dealer has codes of its own.
    found = {name: one for name, one in after_a_pull.items() if not one.passed}
    assert {one.severity for one in found.values()} == {dg.AssetCheckSeverity.WARN}
    # Fields that DGI does not document are news in their first week.
    assert {name for name in found if name.startswith("documented_fields of ")} != set()
    found = {name: one for name, one in found.items() if not name.startswith("documented_fields of ")}
    for name in sorted(found):
        print(f"{name:<60}{number(found, name):>6}")
        assert sum(row.data["count"] for row in found[name].metadata["most"].records) <= number(found, name)


def test_what_is_broken_is_seen_where_it_is(
    definitions: dg.Definitions, after_a_pull: Results, sandbox: Sandbox, warehouse: Warehouse
) -> None:
    before = after_a_pull
    late = sandbox.dealers(BOOK)[0]
    one_spk = "(select id from core.spk limit 1)"
    joined = "(select r.id from core.billing as r join core.spk as s using (dealer_id, id_spk) limit 1)"
    for statement in (
        "delete from core.work_order where id = (select id from core.work_order limit 1)",
        "update core.prospect set is_deleted_at_source = true where id = (select id from core.prospect limit 1)",
        "update core.workshop_invoice set total_harga_njb = total_harga_njb + 1000 "
        "where id = (select id from core.workshop_invoice where not is_deleted_at_source limit 1)",
        f"update core.spk set status_spk = 'Z9', status_spk_label = 'Z9' where id = {one_spk}",
        f"update core.billing set id_spk = 'NOWHERE' where id = {joined}",
        "insert into marts.agg_job_daily select * from marts.agg_job_daily limit 1",
    ):
        warehouse.execute(statement)
    warehouse.execute(
        "set local session_replication_role = replica; "  # raw refuses it to everybody else
        "update raw.api_call set called_at = called_at - interval '30 hours', window_to = window_to - interval '1 day' "
        "where dealer_id = %s and module = 'prsp'",
        late,
    )

    after = check(definitions)

    error, warn = dg.AssetCheckSeverity.ERROR, dg.AssetCheckSeverity.WARN
    for name, table, severity, more in (
        ("reconciliation__work_order", "work_order", error, 1),
        # One fewer that is there, one more that is deleted.
        ("reconciliation__prospect", "prospect", error, 2),
        ("sums__workshop_invoice", "workshop_invoice", warn, 1),
        ("unknown_codes__spk", "spk", warn, 1),
        ("unjoined__billing__spk", "billing", warn, 1),
    ):
        assert not after[name].passed
        assert (after[name].asset_key.path[-1], after[name].severity) == (table, severity)
        assert number(after, name) == number(before, name) + more
    [day] = after["reconciliation__work_order"].metadata["most"].records
    assert list(day.data) == ["main dealer", "dealer", "what", "count"]
    assert " in raw, " in day.data["what"]
    [twice] = [one for name, one in after.items() if name.startswith("one_row_per_agg_job_daily")]
    assert (twice.passed, twice.severity, twice.description) == (False, error, "1 found")
    assert "dealer" in twice.metadata["most"].records[0].data

    freshness = {module: number(after, f"freshness of {module}", "late") for module in ENDPOINTS}
    assert freshness == dict.fromkeys(ENDPOINTS, 0) | {"prsp": 1}
    of_prsp = after["freshness of prsp"]
    assert (of_prsp.passed, of_prsp.severity) == (False, warn)
    [shown] = of_prsp.metadata["longest late"].records
    assert (shown.data["dealer"], shown.data["hours since the last call"]) == (late, "30")
