import stat
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from dotenv import dotenv_values

from stack import credentials
from stack.errors import StackError

PORT = 15_999


def test_the_file_is_private_and_complete(tmp_path: Path) -> None:
    file = tmp_path / "var" / "credentials.env"
    held = credentials.keep(file, PORT, outside=())
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert dotenv_values(file) == held
    assert held["SUPERSET_ADMIN_USER"] == "admin"
    assert held["WAREHOUSE_URL"].startswith("postgresql://dealers:")
    assert held["WAREHOUSE_URL"].endswith(f"@127.0.0.1:{PORT}/warehouse")
    Fernet(held["DGI_ENCRYPTION_KEY"])  # raises unless it is a key


def test_what_is_there_is_kept_and_what_is_missing_is_added(tmp_path: Path) -> None:
    file = tmp_path / "credentials.env"
    first = credentials.keep(file, PORT, outside=())
    text = file.read_text()
    credentials.keep(file, PORT, outside=())
    assert file.read_text() == text

    without = [line for line in text.splitlines() if not line.startswith("SUPERSET_SECRET_KEY")]
    file.write_text("# a note of mine\nMY_OWN=1\n" + "\n".join(without) + "\n")
    held = credentials.keep(file, PORT, outside=())
    assert file.read_text().startswith("# a note of mine\nMY_OWN=1\n")
    assert held["SUPERSET_SECRET_KEY"] != first["SUPERSET_SECRET_KEY"]
    assert held["WAREHOUSE_URL"] == first["WAREHOUSE_URL"]


def test_a_file_that_others_could_read_is_made_private(tmp_path: Path) -> None:
    file = tmp_path / "credentials.env"
    file.write_text("MY_OWN=1\n")
    file.chmod(0o644)
    credentials.keep(file, PORT, outside=())
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_another_port_changes_the_addresses_and_not_the_passwords(tmp_path: Path) -> None:
    file = tmp_path / "credentials.env"
    first = credentials.keep(file, PORT, outside=())
    moved = credentials.keep(file, PORT + 1, outside=())
    assert moved["WAREHOUSE_URL"] == first["WAREHOUSE_URL"].replace(str(PORT), str(PORT + 1))
    assert moved["SUPERSET_ADMIN_PASSWORD"] == first["SUPERSET_ADMIN_PASSWORD"]


def test_what_is_set_outside_is_not_generated(tmp_path: Path) -> None:
    held = credentials.keep(tmp_path / "credentials.env", PORT, outside={"DGI_ENCRYPTION_KEY", "DAGSTER_DATABASE_URL"})
    assert "DGI_ENCRYPTION_KEY" not in held
    assert "DAGSTER_DATABASE_URL" not in held


def test_nothing_is_embedded_when_all_addresses_are_set() -> None:
    addresses = dict.fromkeys(credentials.DATABASES, "postgresql://somewhere/else")
    assert not credentials.is_embedded(addresses)
    assert credentials.is_embedded({})


def test_a_warehouse_elsewhere_needs_an_address_to_read_it() -> None:
    elsewhere = {"WAREHOUSE_URL": "postgresql://somewhere/else"}
    for name in credentials.READERS:
        with pytest.raises(StackError, match=name):
            credentials.is_embedded(elsewhere)
        elsewhere[name] = "postgresql://somewhere/else"


def test_a_warehouse_elsewhere_has_no_roles_here(tmp_path: Path) -> None:
    names = {"WAREHOUSE_URL", *credentials.READERS}
    assert credentials.embedded(names) == ["DAGSTER_DATABASE_URL", "SUPERSET_DATABASE_URL", "API_USERS_URL"]
    held = credentials.keep(tmp_path / "credentials.env", PORT, outside=names)
    assert not [name for name in held if name.startswith("WAREHOUSE_")]


def test_supersets_database_elsewhere_needs_an_address_for_the_data_api() -> None:
    with pytest.raises(StackError, match="API_USERS_URL"):
        credentials.is_embedded({"SUPERSET_DATABASE_URL": "postgresql://somewhere/else"})
