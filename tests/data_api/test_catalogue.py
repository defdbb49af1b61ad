"""What the API reads of dbt's files: complete, and nothing personal without its mark."""

import re
import shutil
from pathlib import Path

import pytest
from catalogued import DOCUMENTS, LINES, RESOURCES

from data_api.catalogue import DBT_PROJECT, CatalogueError, read_catalogue
from dlt_sources.dgi.endpoints import ENDPOINTS

# Words of DGI's field names that speak of a person, and columns that hold such a word without being about one.
PERSONAL_WORDS = re.compile(
    r"(^|_)(nama|alamat|ktp|kk|npwp|kontak|telp|fax|email|latitude|longitude|no_id|anggota_kk|lokasi_pengiriman)(_|$)"
)
# The last three are areas of tens of thousands of people and more (docs/decisions/personal-data.md).
NOT_PERSONAL = {
    *("nama_finance_company", "nama_pekerjaan"),
    *("kode_propinsi_kk", "kode_kota_kk", "kode_kecamatan_kk"),
}
KINDS = {"name", "phone", "identity_number", "address", "coordinates", "email", "birth_date", "other"}


def unmarked() -> list[str]:
    """Columns that look personal by their names and have no mark."""
    return [
        f"{resource.name}.{column.name}"
        for resource in RESOURCES.values()
        for column in resource.columns.values()
        if PERSONAL_WORDS.search(column.name) and not column.personal and column.name not in NOT_PERSONAL
    ]


def test_every_endpoint_has_its_documents_and_lines() -> None:
    assert len(DOCUMENTS) == len(ENDPOINTS) == 15
    assert len(LINES) == sum(len(endpoint.children) for endpoint in ENDPOINTS.values())
    for lines in LINES:
        assert lines.name in RESOURCES[str(lines.parent)].lines


def test_every_kind_of_document_is_searched_and_sorted() -> None:
    for document in DOCUMENTS:
        assert document.searched
        assert {"id", "created_time", "modified_time", document.default_order.removeprefix("-")} <= set(document.orders)
        assert {"dealer_id", "main_dealer_id"} <= set(document.exact)
        states = {name for name in document.columns if name.startswith("status") and not name.endswith("_label")}
        assert states <= set(document.exact)


def test_marks_of_personal_data_are_of_known_kinds() -> None:
    marks = {column.personal for resource in RESOURCES.values() for column in resource.columns.values()} - {None}
    assert marks and marks <= KINDS


def test_nothing_that_looks_personal_is_without_a_mark() -> None:
    assert unmarked() == []


def test_a_model_that_fits_no_endpoint_is_named(tmp_path: Path) -> None:
    shutil.copytree(DBT_PROJECT / "models", tmp_path / "models")
    (tmp_path / "models" / "core" / "leasing.yml").unlink()
    with pytest.raises(CatalogueError, match="lsng"):
        read_catalogue(tmp_path)


def test_a_search_in_a_column_that_is_not_there_is_named(tmp_path: Path) -> None:
    shutil.copytree(DBT_PROJECT / "models", tmp_path / "models")
    file = tmp_path / "models" / "core" / "leasing.yml"
    file.write_text(file.read_text().replace("search: [id_dokumen_pengajuan", "search: [no_such"))
    with pytest.raises(CatalogueError, match="no_such"):
        read_catalogue(tmp_path)
