"""The core tables against the endpoint registry: columns, types, labels' places, keys, descriptions."""

from typing import Any

import pytest
from core_tables import DOCUMENT_TABLES, LINE_TABLES, TABLES, Core, document_columns, line_columns, new_key
from dgi_columns import FROM_RAW, column_name
from test_staging_models import SENT, document_of

from dlt_sources.dgi.endpoints import ENDPOINTS

every_module = pytest.mark.parametrize("module", ENDPOINTS)
every_child = pytest.mark.parametrize(("module", "child"), LINE_TABLES)
FOREIGN_KEYS = """
    select conrelid::regclass::text, confrelid::regclass::text, confdeltype
    from pg_constraint
    where contype = 'f' and connamespace = 'core'::regnamespace and convalidated
"""


def columns_of(core: Core, table: str) -> list[tuple[Any, ...]]:
    return core.execute(
        """select column_name, data_type from information_schema.columns
            where table_schema = 'core' and table_name = %s""",
        [table],
    )


def foreign_keys(core: Core) -> set[tuple[Any, ...]]:
    return set(core.execute(FOREIGN_KEYS))


def expected_foreign_keys() -> set[tuple[Any, ...]]:
    to_registry = {(f"core.{table}", f"core.{parent}", "a") for table in TABLES for parent in ("dealer", "main_dealer")}
    to_documents = {
        (f"core.{table}", f"core.{DOCUMENT_TABLES[module]}", "c") for (module, _), table in LINE_TABLES.items()
    }
    return to_registry | to_documents | {("core.dealer", "core.main_dealer", "a")}


def test_every_kind_of_document_and_line_has_its_table() -> None:
    assert set(DOCUMENT_TABLES) == set(ENDPOINTS)
    assert set(LINE_TABLES) == {(module, child) for module, e in ENDPOINTS.items() for child in e.children}
    assert len(set(TABLES)) == 31


@every_module
def test_every_field_of_a_document_is_a_typed_column(core: Core, module: str) -> None:
    assert dict(columns_of(core, DOCUMENT_TABLES[module])) == document_columns(ENDPOINTS[module])


@every_child
def test_every_field_of_a_line_is_a_typed_column(core: Core, module: str, child: str) -> None:
    assert dict(columns_of(core, LINE_TABLES[module, child])) == line_columns(module, child)


@pytest.fixture(scope="module")
def filled(core: Core) -> dict[str, str]:
    """A document of every module with every field, and two lines that are the same in each array: its key by module."""
    keys = {module: new_key(module) for module in ENDPOINTS}
    for module, endpoint in ENDPOINTS.items():
        document = document_of(endpoint)
        core.load(module, keys[module], document | {child: document[child] * 2 for child in endpoint.children})
    core.run()
    return keys


@every_module
def test_every_field_of_a_document_is_read_from_its_own_key(core: Core, filled: dict[str, str], module: str) -> None:
    (row,) = core.rows(DOCUMENT_TABLES[module], filled[module])
    for name, kind in ENDPOINTS[module].fields.items():
        if name not in FROM_RAW or kind == "timestamp":
            assert row[column_name(name)] == (SENT[kind][1] if kind in SENT else name)
        if kind == "code":
            assert row[f"{column_name(name)}_label"] == name, "an unknown code stands for itself"
    assert (row["main_dealer_id"], row["dealer_id"], row["unread_fields"]) == ("Q7X", "09417", [])


@every_child
def test_every_field_of_a_line_is_read_from_its_own_key(
    core: Core, filled: dict[str, str], module: str, child: str
) -> None:
    lines = core.rows(LINE_TABLES[module, child], filled[module])
    (document,) = core.rows(DOCUMENT_TABLES[module], filled[module])
    assert [line["line_number"] for line in lines] == [1, 2], "lines that are the same are both kept"
    for line in lines:
        for name, kind in ENDPOINTS[module].children[child].items():
            assert line[column_name(name)] == (SENT[kind][1] if kind in SENT else name)
            if kind == "code":
                assert line[f"{column_name(name)}_label"] == name
        assert line[f"{DOCUMENT_TABLES[module]}_id"] == document["id"]


@pytest.mark.parametrize("table", ["dealer", "main_dealer", *TABLES])
def test_every_column_and_table_is_described_for_readers_of_the_database(core: Core, table: str) -> None:
    ((described,),) = core.execute(f"select obj_description('core.{table}'::regclass)")
    assert "One row per" in described
    undescribed = core.execute(
        """select attname from pg_attribute
            where attrelid = %s::regclass and attnum > 0 and not attisdropped
                and coalesce(length(col_description(attrelid, attnum)), 0) < 3""",
        [f"core.{table}"],
    )
    assert undescribed == []


@pytest.mark.parametrize("table", TABLES)
def test_contract_and_keys_are_declared(manifest: Any, table: str) -> None:
    model = manifest.nodes[f"model.dealer_dashboard.{table}"]
    assert model.contract.enforced
    assert (model.schema, model.fqn[1]) == ("core", "core")
    assert [c.type.value for c in model.columns["id"].constraints] == ["primary_key"]


def test_the_unit_tests_of_staging_and_core_pass(core: Core) -> None:
    results = core.dbt("test", "--select", "staging,test_type:unit", "core,test_type:unit")
    assert len([result for result in results if result.node.resource_type == "unit_test"]) >= 7


def test_postgres_enforces_keys_and_cascades(core: Core) -> None:
    assert foreign_keys(core) == expected_foreign_keys()
    keyed = core.execute(
        "select conrelid::regclass::text from pg_constraint where contype = 'p' and conname ~ '_pkey$'"
    )
    assert {f"core.{table}" for table in ["dealer", "main_dealer", *TABLES]} <= {table for (table,) in keyed}


def test_a_foreign_key_always_has_an_index(core: Core) -> None:
    lacking = core.execute(
        """select conrelid::regclass::text, conkey from pg_constraint as c
            where contype = 'f' and connamespace = 'core'::regnamespace
                and not exists (select from pg_index where indrelid = c.conrelid and indkey[0] = c.conkey[1])"""
    )
    assert lacking == []


def test_lines_go_with_their_document(core: Core) -> None:
    key = new_key()
    core.load("prsp", key, {"idProspect": key, "unit": [{"kodeTipeUnit": "AAA"}]})
    core.run("prospect", "prospect_unit")
    core.execute("delete from core.prospect where document_key = %s", [key])
    assert core.rows("prospect_unit", key) == []
    core.run("prospect", "prospect_unit", full_refresh=True)
    assert len(core.rows("prospect_unit", key)) == 1
