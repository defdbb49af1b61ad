"""What looks like personal data is in the catalogue, or on the list of what is none, with the reason."""

import re

import pytest
from catalogue import KINDS, Column, columns

NAMED_SO = re.compile(
    r"nama|name|kontak|telp|phone|fax|ktp|npwp|no_kk|no_id_|identity|alamat|address|kelurahan|village|kode_pos|latitude"
    r"|longitude|email|birth|lahir|^note$|catatan|keluhan|rekomendasi|saran|lokasi|anggota|customer|pemilik|pembawa"
    r"|penerima_|propinsi|kota|kecamatan|payload|people|person"
)
DESCRIBED_SO = re.compile(
    r"\bname of|telephone|\bfax|identity number|tax number|family card|address|coordinate|degrees|e-mail|birth"
    r"|free note|complains|advice|to whom|receiver|whoever|who received",
    re.IGNORECASE,
)
# Why these name nobody. A column may be given with its model.
NOT_PERSONAL = {
    "main_dealer.name": "a company",
    "dealer.name": "a company",
    "nama_finance_company": "a company",
    "nama_pekerjaan": "a job of the workshop",
    "billing.id_customer": "the dealer's own number of a customer or a prospect",
    "stg_dgi__inv1.id_customer": "the dealer's own number of a customer or a prospect",
    "delivery_detail.id_customer": "the dealer's own number of a customer or a prospect",
    "id_sales_people": "the number of one of the dealer's staff, which dashboards are read by",
    "jenis_id_penerima_bpkb": "a kind of paper, not its number",
    "jenis_id_penerima_stnk": "a kind of paper, not its number",
    "hubungan_dengan_pemilik": "a code",
    "tipe_coming_customer": "a code",
    "customer_key": "a hash that cannot be computed without the secret of the warehouse",
}
# Of each person's address these stay: an area has tens of thousands of people and more.
AREAS = ("kode_propinsi", "kode_kota", "kode_kecamatan")
MARTS_NOT_PERSONAL = {
    "dealer_name": "a company",
    "main_dealer_name": "a company",
    "finance_company_name": "a company",
    "api_key_name": "a group of dealers",
    "job_name": "a job of the workshop",
    "weekday_name": "a day",
    "customer_key": "a hash that cannot be computed without the secret of the warehouse",
    "sales_person": "the number of one of the dealer's staff, which dashboards are read by",
}


def looks_personal(column: Column) -> bool:
    return bool(NAMED_SO.search(column.name) or DESCRIBED_SO.search(column.description))


def is_explained(column: Column) -> bool:
    name = column.name.removesuffix("_label")
    return bool({f"{column.model}.{name}", name} & set(NOT_PERSONAL)) or name.startswith(AREAS)


def test_what_looks_personal_is_catalogued_or_explained() -> None:
    forgotten = [
        str(column)
        for column in columns("staging", "core", "restricted")
        if looks_personal(column) and "personal_data" not in column.meta and not is_explained(column)
    ]
    assert not forgotten, "say what they hold in config.meta.personal_data, or here why they name nobody"


def test_the_catalogue_knows_its_kinds() -> None:
    said = [column for column in columns("staging", "core", "restricted") if "personal_data" in column.meta]
    assert {column.meta["personal_data"] for column in said} <= KINDS
    assert {column.layer for column in said} == {"staging", "core", "restricted"}


def test_nothing_is_both_explained_and_catalogued() -> None:
    """A list of exceptions that outlives its reason would hide the next column of that name."""
    all_columns = list(columns("staging", "core", "restricted"))
    names = {str(column) for column in all_columns} | {column.name for column in all_columns}
    assert set(NOT_PERSONAL) <= names
    both = [str(column) for column in all_columns if "personal_data" in column.meta and is_explained(column)]
    assert not both


def test_a_field_is_catalogued_in_every_layer_that_has_it() -> None:
    """Core's columns are staging's: what one calls personal the other may not show."""
    staged = {(column.name, column.meta["personal_data"]) for column in columns("staging") if _kind(column)}
    core = {(column.name, column.meta["personal_data"]) for column in columns("core") if _kind(column)}
    assert {name for name, _ in staged} - {name for name, _ in core} <= {"data_anggota_keluarga", "detail", "unit"}
    assert all(len([kind for name, kind in staged | core if name == one]) == 1 for one, _ in staged | core)


def test_marts_hold_personal_data_masked_only() -> None:
    for column in columns("marts"):
        assert "personal_data" not in column.meta, f"{column}: the whole of it belongs to schema restricted"
        if looks_personal(column) and column.name not in MARTS_NOT_PERSONAL:
            assert _says_masked(column), f"{column}: say in config.meta.masked what is left of it, or here why not"


def test_what_a_mart_calls_masked_is_made_by_a_masking_macro(masked: list[Column]) -> None:
    assert {column.meta["masked"] for column in masked} == {"name", "phone"}
    for column in masked:
        assert re.search(r"initials|masked_phone|^customer$", column.name), column


@pytest.fixture
def masked() -> list[Column]:
    return [column for column in columns("marts") if "masked" in column.meta]


def _kind(column: Column) -> bool:
    return "personal_data" in column.meta


def _says_masked(column: Column) -> bool:
    flags = ("is_", "has_")
    return "masked" in column.meta or column.name.startswith(flags) or not NAMED_SO.search(column.name)
