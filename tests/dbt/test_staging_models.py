"""The staging models against the endpoint registry: every documented field has its column, is read and described."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from dgi_columns import FROM_RAW, column_name, staging_columns
from psycopg2.extensions import connection

from dlt_sources.dgi.endpoints import ENDPOINTS, Endpoint

PAYLOADS = Path(__file__).resolve().parents[1] / "payloads"
LOAD = "1700000000.1"
SENT = {
    "number": ("20,5", Decimal("20.5")),
    "latitude": ("-6,985210", Decimal("-6.985210")),
    "longitude": ("110,412345", Decimal("110.412345")),
    "date": ("21/05/2024", date(2024, 5, 21)),
    "time": ("09.00", time(9)),
    "duration": ("01:10", timedelta(hours=1, minutes=10)),
    "timestamp": ("21/05/2024 09:14:07", datetime(2024, 5, 21, 2, 14, 7, tzinfo=UTC)),
}
every_module = pytest.mark.parametrize("endpoint", ENDPOINTS.values(), ids=ENDPOINTS.keys())


@pytest.fixture
def stored(warehouse: connection) -> Iterator[connection]:
    """The warehouse with one committed load, rolled back afterwards."""
    warehouse.autocommit = False
    with warehouse.cursor() as cursor:
        cursor.execute("insert into raw._dlt_loads (load_id, status) values (%s, 0)", [LOAD])
    yield warehouse
    warehouse.rollback()
    warehouse.autocommit = True


def store(stored: connection, module: str, document: Mapping[str, Any]) -> dict[str, Any]:
    """Put a document into raw as its newest version and return its row of the staging view."""
    with stored.cursor() as cursor:
        cursor.execute(
            f"""insert into raw.{module}
                (call_id, main_dealer_id, dealer_id, document_key, content_hash, payload, is_deleted, time_zone,
                 called_at, received_at, _dlt_load_id)
                values ('c', 'Q7X', '09417', 'key', 'h', %s, false, 'Asia/Jakarta', now(), now(), %s)""",
            [json.dumps(document), LOAD],
        )
        cursor.execute(f"select * from staging.stg_dgi__{module}")
        (row,) = cursor.fetchall()
        return dict(zip((column.name for column in cursor.description or ()), row, strict=True))


def document_of(endpoint: Endpoint, typed: str | None = None, text: str | None = None) -> dict[str, Any]:
    """A document with every field and one line in each array; `typed` and `text` replace the usual values."""

    def fill(fields: Mapping[str, str]) -> dict[str, Any]:
        return {
            name: (SENT[kind][0] if typed is None else typed)
            if kind in SENT
            else (f" {name} " if text is None else text)
            for name, kind in fields.items()
        }

    return fill(endpoint.fields) | {child: [fill(fields)] for child, fields in endpoint.children.items()}


@pytest.mark.parametrize(
    ("field", "column"),
    [
        ("noRangka", "no_rangka"),
        ("idSPK", "id_spk"),
        ("idSpk", "id_spk"),
        ("noKTP", "no_ktp"),
        ("noKtp", "no_ktp"),
        ("NPWP", "npwp"),
        ("namaBPKB", "nama_bpkb"),
        ("noKTPBPKB", "no_ktp_bpkb"),
        ("tanggalPengajuanSTNKKeBiro", "tanggal_pengajuan_stnk_ke_biro"),
        ("idPOFinanceCompany", "id_po_finance_company"),
        ("noBukuClaimC2", "no_buku_claim_c2"),
        ("docNRFSId", "doc_nrfs_id"),
        ("salesProgramId", "sales_program_id"),
    ],
)
def test_column_names_follow_one_rule(field: str, column: str) -> None:
    assert column_name(field) == column


@every_module
def test_every_documented_field_has_its_typed_column(warehouse: connection, endpoint: Endpoint) -> None:
    with warehouse.cursor() as cursor:
        cursor.execute(
            """select column_name, data_type from information_schema.columns
                where table_schema = 'staging' and table_name = %s order by ordinal_position""",
            [f"stg_dgi__{endpoint.module}"],
        )
        assert cursor.fetchall() == list(staging_columns(endpoint).items())


@every_module
def test_every_column_and_model_is_described_and_tested(manifest: Any, endpoint: Endpoint) -> None:
    model = manifest.nodes[f"model.dealer_dashboard.stg_dgi__{endpoint.module}"]
    assert len(model.description) > 60
    assert list(model.columns) == list(staging_columns(endpoint))
    assert [name for name, column in model.columns.items() if len(column.description) < 3] == []
    tests = [node for node in manifest.nodes.values() if getattr(node, "attached_node", None) == model.unique_id]
    assert {node.test_metadata.name for node in tests} == {"one_row_per_document", "not_null"}
    assert {node.column_name for node in tests} - {None} == {column_name(part) for part in endpoint.key}


@every_module
def test_a_model_runs_downstream_of_its_raw_table(manifest: Any, endpoint: Endpoint) -> None:
    model = manifest.nodes[f"model.dealer_dashboard.stg_dgi__{endpoint.module}"]
    sources = [manifest.sources[name] for name in model.depends_on.nodes]
    assert {source.name for source in sources} == {endpoint.module, "_dlt_loads"}
    assert all(source.meta["dagster"]["asset_key"] == ["raw", source.name] for source in sources)
    assert all(source.description for source in sources)
    assert (model.schema, model.config.materialized) == ("staging", "view")


@every_module
def test_every_field_is_read_from_its_own_key(stored: connection, endpoint: Endpoint) -> None:
    row = store(stored, endpoint.module, document_of(endpoint))
    for name, kind in endpoint.fields.items():
        if name not in FROM_RAW or kind == "timestamp":
            assert row[column_name(name)] == (SENT[kind][1] if kind in SENT else name)
    assert (row["main_dealer_id"], row["dealer_id"], row["load_id"]) == ("Q7X", "09417", LOAD)
    assert [row[column_name(child)] for child in endpoint.children] == [
        document_of(endpoint)[child] for child in endpoint.children
    ]
    assert row["unread_fields"] == []


@every_module
def test_a_recorded_document_is_read_whole(stored: connection, endpoint: Endpoint) -> None:
    recorded = json.loads((PAYLOADS / f"{endpoint.module}.json").read_text())
    row = store(stored, endpoint.module, recorded)
    assert row["unread_fields"] == []
    sent = {column_name(name) for name, value in recorded.items() if value not in ("", None) and name not in FROM_RAW}
    assert [column for column in sent if row[column] is None] == []


@every_module
def test_every_field_that_cannot_be_read_is_named(stored: connection, endpoint: Endpoint) -> None:
    row = store(stored, endpoint.module, document_of(endpoint, typed="kemarin"))
    typed = [name for name, kind in endpoint.fields.items() if kind in SENT]
    of_lines = [
        f"{child}[1].{name}"
        for child, fields in endpoint.children.items()
        for name, kind in fields.items()
        if kind in SENT
    ]
    assert sorted(row["unread_fields"]) == sorted(typed + of_lines)
    assert {row[column_name(name)] for name in typed} == {None}


@every_module
@pytest.mark.parametrize("empty", [{"typed": "", "text": " "}, None], ids=["empty texts", "missing keys"])
def test_empty_and_missing_are_no_value_and_not_named(
    stored: connection, endpoint: Endpoint, empty: dict[str, str] | None
) -> None:
    row = store(stored, endpoint.module, {} if empty is None else document_of(endpoint, **empty))
    assert {row[column_name(name)] for name in endpoint.fields if name not in {"dealerId", "mainDealerId"}} == {None}
    assert row["unread_fields"] == []


@every_module
def test_lines_that_are_no_array_are_named_and_empty(stored: connection, endpoint: Endpoint) -> None:
    row = store(stored, endpoint.module, dict.fromkeys(endpoint.children, "tidak ada"))
    assert row["unread_fields"] == list(endpoint.children)
    assert all(row[column_name(child)] == [] for child in endpoint.children)


def test_the_cleaned_document_is_read_before_the_payload(stored: connection) -> None:
    store(stored, "inv1", {"amount": 1})
    with stored.cursor() as cursor:
        cursor.execute("""update raw.inv1 set payload = '[{"Amount": 2}]', document = '{"amount": 2}'""")
        cursor.execute("select amount from staging.stg_dgi__inv1")
        assert cursor.fetchall() == [(Decimal(2),)]


@every_module
def test_typing_is_part_of_the_plan_and_not_called_row_by_row(warehouse: connection, endpoint: Endpoint) -> None:
    with warehouse.cursor() as cursor:
        cursor.execute(f"explain (verbose) select * from staging.stg_dgi__{endpoint.module}")
        assert "staging.dgi_" not in "\n".join(line for (line,) in cursor.fetchall())


def test_a_dealers_documents_are_found_without_reading_all(warehouse: connection) -> None:
    with warehouse.cursor() as cursor:
        cursor.execute("explain select * from staging.stg_dgi__pkb where dealer_id = '09417'")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert plan.index("Unique") < plan.index("dealer_id = '09417'"), "the filter stands above the newest-version step"
