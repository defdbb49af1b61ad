"""`dealers key`: secrets come in by file or standard input, are kept encrypted, and never come out."""

from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from registry_support import SECRET, Admin, Tables

from orchestration.registry.credentials import Access, NoAccess, read_access
from orchestration.settings import Settings, load_settings

pytestmark = pytest.mark.slow
WHICH = ("--main-dealer", "Q7X", "--name", "GROUP")


@pytest.fixture
def admin(admin: Admin) -> Admin:
    admin.adds_main_dealer()
    return admin


def secret_of(settings: Settings, dealer_id: str = "09417") -> str:
    access = read_access(settings)[dealer_id]
    assert isinstance(access, Access), access
    return access.key.secret_key


def test_secret_from_a_file_or_standard_input(admin: Admin, settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_bytes(b"\xef\xbb\xbf" + SECRET.encode() + b" \r\n")
    admin.does("key", "add", *WHICH, "--api-key", " key-1 ", "--secret-key-file", str(file), "--daily-quota", "5000")
    admin.adds_dealer()
    assert secret_of(settings) == SECRET
    assert admin.row("key", "list", of="Q7X") == "Q7X GROUP key-1 5,000 enabled"

    admin.does("key", "add", "--main-dealer", "Q7X", "--name", "OTHER", "--api-key", "key-2", stdin=f"{SECRET}-2\n")
    admin.adds_dealer("09418", key="OTHER")
    assert secret_of(settings, "09418") == f"{SECRET}-2"
    shown = admin.fields("key", "show", "--main-dealer", "Q7X", "--name", "OTHER")
    assert (shown["API key"], shown["daily quota"], shown["dealers"]) == ("key-2", "no limit", "09418")


def test_no_option_takes_a_secret_from_the_command_line(admin: Admin) -> None:
    for command in ("add", "edit"):
        for option in ("--secret", "--secret-key"):
            assert "No such option" in admin.misuses("key", command, *WHICH, option, SECRET).replace("Error: ", "")


def test_a_secret_is_never_shown_and_nowhere_in_the_tables(admin: Admin, tables: Tables) -> None:
    admin.adds_key()
    admin.adds_dealer()
    admin.does("key", "edit", *WHICH, "--secret-key-file", "-", "--api-key", "key-new", stdin=f"{SECRET}-rotated")
    admin.does("key", "disable", *WHICH)
    admin.does("key", "list")
    admin.does("key", "show", *WHICH)
    admin.does("show", "09417")
    admin.does("list")
    admin.does("main-dealer", "show", "Q7X")
    admin.does("history")
    admin.is_refused("key", "add", *WHICH, "--api-key", "key-1", stdin=SECRET)
    admin.is_refused("key", "edit", *WHICH, "--api-key", "", "--secret-key-file", "-", stdin=SECRET)
    admin.is_refused("key", "edit", *WHICH, "--secret-key-file", "-", stdin=f"{SECRET}\nsecond line")
    assert not [said for said in admin.said if SECRET in said]

    assert tables.where_is("key-new"), "the search finds nothing at all"
    assert tables.where_is(SECRET) == []
    assert tables.where_is(SECRET.encode().hex()) == []


def test_secrets_in_the_change_history_are_only_changed(admin: Admin, tables: Tables) -> None:
    admin.adds_key()
    admin.does("key", "edit", *WHICH, "--secret-key-file", "-", stdin="another")
    _, added, edited = tables.changes()
    assert added[1:4] == ("api_key", "Q7X/GROUP", "add")
    assert added[4] == {
        "main_dealer_id": [None, "Q7X"],
        "name": [None, "GROUP"],
        "api_key": [None, "key-GROUP"],
        "secret_encrypted": "changed",
    }
    assert edited[3:] == ("edit", {"secret_encrypted": "changed"})
    assert "secret_encrypted: changed" in admin.does("history")


def test_a_key_is_rotated(admin: Admin, settings: Settings, tmp_path: Path) -> None:
    admin.adds_key()
    admin.adds_dealer()
    file = tmp_path / "new-secret"
    file.write_text("the-new-one\n")
    said = admin.does("key", "edit", *WHICH, "--api-key", "key-new", "--secret-key-file", str(file))
    assert said == "key GROUP changed: api_key, secret_encrypted\n"
    access = read_access(settings)["09417"]
    assert isinstance(access, Access)
    assert (access.key.api_key, access.key.secret_key) == ("key-new", "the-new-one")
    again = admin.does("key", "edit", *WHICH, "--secret-key-file", str(file))
    assert again == "key GROUP: nothing to change\n"


def test_quota_is_set_and_lifted(admin: Admin) -> None:
    admin.adds_key()
    admin.does("key", "edit", *WHICH, "--daily-quota", "12000")
    assert admin.fields("key", "show", *WHICH)["daily quota"] == "12,000"
    admin.does("key", "edit", *WHICH, "--daily-quota", "0")
    assert admin.fields("key", "show", *WHICH)["daily quota"] == "no limit"
    assert "daily_quota: -5 is not between 1 and" in admin.is_refused("key", "edit", *WHICH, "--daily-quota", "-5")


def test_disabled_and_enabled(admin: Admin, settings: Settings) -> None:
    admin.adds_key()
    admin.adds_dealer()
    admin.does("key", "disable", *WHICH)
    assert admin.row("key", "list", of="Q7X").endswith("disabled")
    assert admin.row("list", of="09417").endswith("key disabled")
    assert read_access(settings)["09417"] == NoAccess("key GROUP is disabled")
    admin.does("key", "enable", *WHICH)
    assert secret_of(settings) == SECRET


@pytest.mark.parametrize(
    ("stdin", "sentence"),
    [
        ("", "the secret key must not be empty"),
        (" \n", "the secret key must not be empty"),
        ("-----BEGIN KEY-----\nabc", "the secret key must be one line of readable text"),
        (b"\xff\xfe\x00", "the secret key is not UTF-8 text"),
    ],
)
def test_what_is_no_secret_is_refused(admin: Admin, tables: Tables, stdin: str | bytes, sentence: str) -> None:
    assert admin.is_refused("key", "add", *WHICH, "--api-key", "key-1", stdin=stdin) == sentence
    assert tables.rows("select from registry.api_key") == []


def test_mistakes(admin: Admin) -> None:
    admin.adds_key()
    assert admin.is_refused("key", "add", *WHICH, "--api-key", "k", stdin=SECRET) == (
        "main dealer Q7X has a key «GROUP» already: uv run dealers key edit"
    )
    assert admin.is_refused("key", "show", "--main-dealer", "Q7X", "--name", "NONE") == (
        "main dealer Q7X has no key «NONE»: uv run dealers key list"
    )
    assert "there is no main dealer ZZ" in admin.is_refused(
        "key", "add", "--main-dealer", "ZZ", "--name", "G", "--api-key", "k", stdin=SECRET
    )
    assert "api_key: must be letters" in admin.is_refused("key", "edit", *WHICH, "--api-key", "two words")
    assert "No such file" in admin.misuses("key", "edit", *WHICH, "--secret-key-file", "/none/here")


class TestEncryptionKey:
    """DGI_ENCRYPTION_KEY missing, broken, replaced, and rotated as it should be."""

    @pytest.fixture
    def admin(self, admin: Admin) -> Admin:
        admin.adds_key()
        admin.adds_dealer()
        return admin

    def test_missing(self, admin: Admin, environment: pytest.MonkeyPatch) -> None:
        environment.delenv("DGI_ENCRYPTION_KEY")
        assert admin.is_refused("key", "edit", *WHICH, "--secret-key-file", "-", stdin="x") == (
            "DGI_ENCRYPTION_KEY is not set: run `make up` first, or set it in the environment or in .env"
        )
        assert admin.row("key", "list", of="Q7X"), "what needs no secret works without the key"
        assert "DGI_ENCRYPTION_KEY is not set" in admin.fields("key", "show", *WHICH)["secret key"]

    @pytest.mark.parametrize("key", ["not-a-key", ",", "ä" * 44])
    def test_no_fernet_key(self, admin: Admin, environment: pytest.MonkeyPatch, key: str) -> None:
        environment.setenv("DGI_ENCRYPTION_KEY", key)
        sentence = admin.is_refused("key", "edit", *WHICH, "--secret-key-file", "-", stdin="x")
        assert sentence.startswith("DGI_ENCRYPTION_KEY is no Fernet key; this makes one: python -c ")
        assert "not-a-key" not in sentence
        assert admin.row("list", of="09417")

    def test_replaced(self, admin: Admin, environment: pytest.MonkeyPatch) -> None:
        environment.setenv("DGI_ENCRYPTION_KEY", Fernet.generate_key().decode())
        access = read_access(load_settings())["09417"]
        assert isinstance(access, NoAccess)
        assert "does not open with DGI_ENCRYPTION_KEY: was the key replaced?" in access.reason
        assert "was the key replaced?" in admin.fields("key", "show", *WHICH)["secret key"]
        assert "key «GROUP» of main dealer Q7X: " in admin.is_refused("key", "re-encrypt")
        # Entering the secret again mends it.
        admin.does("key", "edit", *WHICH, "--secret-key-file", "-", stdin=SECRET)
        assert secret_of(load_settings()) == SECRET

    def test_rotated_with_two_keys(self, admin: Admin, settings: Settings, environment: pytest.MonkeyPatch) -> None:
        old, new = settings.require("dgi_encryption_key"), Fernet.generate_key().decode()
        environment.setenv("DGI_ENCRYPTION_KEY", f"{new}, {old}")
        assert secret_of(load_settings()) == SECRET
        assert admin.does("key", "re-encrypt") == "1 secrets are encrypted with the newest key\n"
        environment.setenv("DGI_ENCRYPTION_KEY", new)
        assert secret_of(load_settings()) == SECRET
        environment.setenv("DGI_ENCRYPTION_KEY", old)
        assert isinstance(read_access(load_settings())["09417"], NoAccess)
