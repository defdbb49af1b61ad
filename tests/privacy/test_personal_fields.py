"""What the source takes out of documents is what the catalogue in dbt's YAML calls personal, no less and no more."""

import sys
from pathlib import Path

from catalogue import columns

from dlt_sources.dgi.endpoints import ENDPOINTS
from dlt_sources.dgi.personal import identifiers, lines, names, normal, personal_fields, redacted

sys.path.append(str(Path(__file__).parents[1] / "dbt"))
from dgi_columns import column_name


def test_the_source_and_the_catalogue_agree() -> None:
    catalogued = {
        (column.model, column.name) for column in columns("staging", "core") if "personal_data" in column.meta
    }
    line_columns = {name for model, name in catalogued if not model.startswith("stg_")}
    for module, endpoint in ENDPOINTS.items():
        here = {column_name(name) for name in personal_fields(module) & set(endpoint.fields)}
        staged = {name for model, name in catalogued if model == f"stg_dgi__{module}"}
        assert here == staged - {column_name(child) for child in endpoint.children}, module
        for fields in endpoint.children.values():
            assert {column_name(name) for name in personal_fields(module) & set(fields)} <= line_columns, module
    all_here = {column_name(name) for module in ENDPOINTS for name in personal_fields(module)}
    assert line_columns == all_here


def test_no_document_is_identified_by_personal_data() -> None:
    for module, endpoint in ENDPOINTS.items():
        assert not personal_fields(module) & {*endpoint.key, "idSPK", "noRangka", "createdTime", "modifiedTime"}


def test_numbers_are_compared_by_their_digits() -> None:
    assert normal("phone", "+62 812-0000-1234") == normal("phone", "081200001234") == "081200001234"
    assert normal("identity_number", "3374-9901-0190-0001") == "3374990101900001"
    assert normal("phone", "0812") is normal("identity_number", "12345678901") is normal("phone", None) is None


def test_a_document_keeps_what_names_nobody_in_any_spelling() -> None:
    sent = {"idspk": "SPK/1", "NamaCustomer": "Sari", "noKtp": "3374990101900001", "ibuKandung": "Wati",
            "unit": [{"hargaJual": 5, "x": "Sari"}], "DataAnggotaKeluarga": [{"anggotaKK": "Bima"}]}  # fmt: skip
    left = {"idspk": "SPK/1", "NamaCustomer": None, "noKtp": None, "ibuKandung": None,
            "unit": [{"hargaJual": 5, "x": None}], "DataAnggotaKeluarga": [{"anggotaKK": None}]}  # fmt: skip
    assert redacted("spk", sent) == left
    assert redacted("spk", [sent, "odd"]) == [left, None]
    assert identifiers("spk", sent) == {("identity_number", "3374990101900001")}
    assert names("spk", sent) == {"sari", "bima"}


def test_a_delivery_loses_the_lines_of_one_order_only() -> None:
    sent = {"deliveryDocumentId": "DO/1", "detail": [
        {"idSPK": "SPK/1", "namaPenerima": "Sari", "noRangka": "A"}, {"idSPK": "SPK/2", "namaPenerima": "Bima"},
    ]}  # fmt: skip
    left = redacted("bast", sent, {"SPK/1"})
    assert left["detail"] == [{"idSPK": "SPK/1", "namaPenerima": None, "noRangka": "A"}, sent["detail"][1]]
    assert [line["idSPK"] for line in lines("bast", sent)] == ["SPK/1", "SPK/2"]
