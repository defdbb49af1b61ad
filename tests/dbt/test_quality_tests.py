"""Nothing that can be checked for quality is forgotten: every module is reconciled, every coded column looked at."""

import re
from pathlib import Path

import pytest
from core_tables import DOCUMENT_TABLES, TABLES

PROJECT = Path(__file__).parents[2] / "dbt_project"
QUALITY = PROJECT / "tests" / "quality"
# DGI publishes no list of these codes.
WITHOUT_LIST = {("prospect", "kode_pekerjaan")}


@pytest.mark.parametrize("module", DOCUMENT_TABLES)
def test_every_module_is_reconciled(module: str) -> None:
    table = DOCUMENT_TABLES[module]
    written = (QUALITY / "reconciliation" / f"reconciliation__{table}.sql").read_text()
    assert written == f"{{{{ reconciliation('{module}', '{table}') }}}}\n"


@pytest.mark.parametrize("table", TABLES)
def test_every_coded_column_is_looked_at(table: str) -> None:
    columns = re.findall(r"name: (\w+)_label\n", (PROJECT / "models" / "core" / f"{table}.yml").read_text())
    coded = {column for column in columns if (table, column) not in WITHOUT_LIST}
    file = QUALITY / "codes" / f"unknown_codes__{table}.sql"
    looked_at = set(re.findall(r"'(\w+)'", file.read_text())) - {table} if file.exists() else set()
    assert looked_at == coded
