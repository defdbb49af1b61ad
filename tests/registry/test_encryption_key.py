"""`make rotate-key`: at no moment a program is without the key that a secret is encrypted with."""

from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from registry_support import SECRET, Admin, Tables

from orchestration.registry.encryption import CannotDecrypt, Encryption
from stack import credentials
from stack.rotation import NAME, rotate

pytestmark = pytest.mark.slow


@pytest.fixture
def file(environment: pytest.MonkeyPatch, admin: Admin, tmp_path: Path) -> Path:
    """A credentials file with the key that a dealer group's secret is encrypted with."""
    file = tmp_path / "credentials.env"
    held = credentials.keep(file, 15_999, ())
    environment.setenv(NAME, held[NAME])
    admin.adds_main_dealer()
    admin.adds_key()
    return file


def stored(tables: Tables) -> str:
    ((text,),) = tables.rows("select secret_encrypted from registry.api_key")
    return str(text)


def test_both_keys_are_valid_until_all_is_encrypted_with_the_new_one(
    file: Path, environment: pytest.MonkeyPatch, admin: Admin, tables: Tables
) -> None:
    old = credentials.read(file)[NAME]
    lines = file.read_text().splitlines()
    running: list[str] = []

    def restart() -> None:
        running.append(credentials.read(file)[NAME])
        environment.setenv(NAME, running[0])
        assert Encryption(running[0]).decrypt(stored(tables)) == SECRET

    def renew() -> None:
        admin.does("key", "re-encrypt")
        assert Encryption(running[0]).decrypt(stored(tables)) == SECRET

    rotate(file, restart, renew)
    new = credentials.read(file)[NAME]
    assert running == [f"{new},{old}"]
    assert Encryption(new).decrypt(stored(tables)) == SECRET
    with pytest.raises(CannotDecrypt):
        Encryption(old).decrypt(stored(tables))
    assert [line for line in file.read_text().splitlines() if NAME not in line] == [
        line for line in lines if NAME not in line
    ]
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("fails", ["restart", "renew"])
def test_broken_off_it_goes_on_with_the_same_keys(
    fails: str, file: Path, environment: pytest.MonkeyPatch, admin: Admin, tables: Tables
) -> None:
    def restart() -> None:
        environment.setenv(NAME, credentials.read(file)[NAME])
        if fails == "restart":
            raise KeyboardInterrupt

    def renew() -> None:
        admin.does("key", "re-encrypt")
        if fails == "renew":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rotate(file, restart, renew)
    both = credentials.read(file)[NAME]
    assert Encryption(both).decrypt(stored(tables)) == SECRET
    fails = "nothing"
    rotate(file, restart, renew)
    assert credentials.read(file)[NAME] == both.split(",")[0]
    Fernet(credentials.read(file)[NAME])
    assert Encryption(both.split(",")[0]).decrypt(stored(tables)) == SECRET
