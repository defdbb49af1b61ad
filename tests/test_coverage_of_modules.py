"""Every module of the endpoint registry has everything that it needs; what is missing is listed by name."""

from pathlib import Path

import dagster as dg
import pytest

from dlt_sources.dgi.endpoints import ENDPOINTS
from dlt_sources.dgi.source import dgi_source
from dlt_sources.dgi.tables import SCHEMAS
from orchestration.assets.raw import raw_documents
from sandbox.contract import modules

ROOT = Path(__file__).resolve().parents[1]
PAYLOADS = ROOT / "tests" / "payloads"
STAGING = ROOT / "dbt_project" / "models" / "staging"


def missing_for(module: str) -> list[str]:
    """What a module of the registry still lacks."""
    described = "".join(path.read_text() for path in STAGING.glob("*.yml"))
    have = {
        "raw table": module in SCHEMAS,
        "dlt resource": module in dgi_source(lambda: iter(())).resources,
        "asset": dg.AssetKey(["raw", module]) in raw_documents.keys,
        "dbt source": f"- name: {module}\n" in described,
        "staging model": (STAGING / f"stg_dgi__{module}.sql").exists(),
        "description and tests of the staging model": (STAGING / f"stg_dgi__{module}.yml").exists(),
        "recorded document": (PAYLOADS / f"{module}.json").exists(),
    }
    return [what for what, there in have.items() if not there]


def test_nothing_is_missing_for_any_module() -> None:
    missing = {module: missing_for(module) for module in ENDPOINTS}
    assert {module: what for module, what in missing.items() if what} == {}


def test_a_module_that_nobody_knows_lacks_everything() -> None:
    assert len(missing_for("sixteenth")) == 7


def test_there_are_the_14_modules_of_the_mission_and_spk() -> None:
    jobs = {endpoint.job_type for endpoint in ENDPOINTS.values()}
    assert len(jobs) == len(ENDPOINTS)
    assert jobs >= {
        "prospect", "spk_read", "pkb", "parts_inbound", "leasing", "doch_read", "uinb_read", "bast_read", "inv1_read",
        "mdinvh1_read", "prsl_read", "dphlo_read", "inv2_read", "unpaidhlo_read", "mdinvh3_read",
    }  # fmt: skip


def test_the_sandbox_serves_the_15_modules_of_dgi_1_3() -> None:
    assert len(modules()) == 15
    assert set(modules()) <= set(ENDPOINTS)


@pytest.mark.parametrize("module", modules())
def test_registry_and_sandbox_know_the_same_fields(module: str) -> None:
    """Two independent readings of DGI 1.3: what one of them forgot shows here."""
    ours, theirs = ENDPOINTS[module], modules()[module]
    assert set(ours.fields) == {field.name for field in theirs.fields}
    assert set(ours.children) == set(theirs.children)
    for child, fields in ours.children.items():
        assert set(fields) == {field.name for field in theirs.children[child]}, child
