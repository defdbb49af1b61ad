"""`dealers add`, `list`, `show`, `edit`, `enable`, `disable`, and the history of changes."""

import pytest
from registry_support import Admin, Tables

from orchestration.registry.credentials import NoAccess, read_access
from orchestration.registry.store import open_registry
from orchestration.settings import Settings

pytestmark = pytest.mark.slow


@pytest.fixture
def admin(admin: Admin) -> Admin:
    admin.adds_main_dealer()
    admin.adds_key()
    return admin


def add(dealer_id: str, main_dealer: str = "Q7X", key: str = "GROUP", name: str = "Jaya") -> tuple[str, ...]:
    return ("add", "--main-dealer", main_dealer, "--dealer-id", dealer_id, "--name", name, "--key", key)


def test_added_and_shown(admin: Admin) -> None:
    said = admin.does(*add("09417"), "--city", "Malang")
    assert said == "dealer 09417 added; its partitions appear in Dagster within a minute\n"
    assert admin.row("list", of="09417") == "09417 Jaya Malang Q7X GROUP enabled"
    shown = admin.fields("show", "09417")
    assert shown.pop("added")
    assert shown == {
        "dealer": "09417",
        "name": "Jaya",
        "city": "Malang",
        "main dealer": "Q7X Sumber",
        "key": "GROUP",
        "state": "enabled",
    }


def test_list_of_one_main_dealer(admin: Admin) -> None:
    admin.adds_main_dealer("K4B")
    admin.adds_key("NORTH", "K4B")
    admin.does(*add("09417"))
    admin.does(*add("09418", "K4B", "NORTH"))
    of_one = admin.does("list", "--main-dealer", "K4B")
    assert "09418" in of_one
    assert "09417" not in of_one
    assert "there is no main dealer ZZ" in admin.is_refused("list", "--main-dealer", "ZZ")


def test_edit(admin: Admin) -> None:
    admin.adds_dealer()
    admin.adds_key("OTHER")
    admin.does("edit", "09417", "--name", "Baru Motor", "--city", "Kediri", "--key", "OTHER")
    assert admin.row("list", of="09417") == "09417 Baru Motor Kediri Q7X OTHER enabled"
    admin.does("edit", "09417", "--city", "")
    assert admin.fields("show", "09417")["city"] == ""
    assert admin.does("edit", "09417", "--name", "Baru Motor") == "dealer 09417: nothing to change\n"


def test_another_main_dealer_needs_a_key_of_its_own(admin: Admin) -> None:
    admin.adds_dealer()
    admin.adds_main_dealer("K4B")
    admin.adds_key("NORTH", "K4B")
    admin.does("edit", "09417", "--main-dealer", "Q7X")
    assert admin.fields("show", "09417")["key"] == "GROUP", "it stays where it is"
    assert "has no key «GROUP»" in admin.is_refused("edit", "09417", "--main-dealer", "K4B", "--key", "GROUP")
    admin.does("edit", "09417", "--main-dealer", "K4B")
    assert admin.row("list", of="09417") == "09417 Jaya Motor K4B lacks a key enabled"
    admin.does("edit", "09417", "--key", "NORTH")
    assert admin.row("list", of="09417") == "09417 Jaya Motor K4B NORTH enabled"


def test_disabled_and_enabled(admin: Admin, settings: Settings) -> None:
    admin.adds_dealer()
    admin.does("disable", "09417")
    assert admin.row("list", of="09417").endswith("disabled")
    access = read_access(settings)["09417"]
    assert isinstance(access, NoAccess)
    assert access.reason == "dealer 09417 is disabled: `uv run dealers enable 09417`"
    admin.does("enable", "09417")
    assert admin.row("list", of="09417").endswith("enabled")


def test_a_dealer_without_a_key_says_how_it_gets_one(admin: Admin, settings: Settings) -> None:
    with open_registry(settings, changed_by="dagster") as registry:
        registry.add_dealer("09417", "Dealer 09417")
    access = read_access(settings)["09417"]
    assert isinstance(access, NoAccess)
    assert "`uv run dealers edit 09417 --main-dealer ID --key GROUP`" in access.reason
    assert "lacks a key" in admin.row("list", of="09417")
    assert admin.is_refused("edit", "09417", "--key", "GROUP") == (
        "key «GROUP» means nothing without its main dealer: give that too"
    )
    admin.does("edit", "09417", "--main-dealer", "Q7X", "--key", "GROUP")
    assert not isinstance(read_access(settings)["09417"], NoAccess)


@pytest.mark.parametrize("dealer_id", ["094|17", "a...b", "094 17", "", "0" * 21, "09417\n", "-1", "dealer/1"])
def test_what_is_no_dealer_number(admin: Admin, dealer_id: str) -> None:
    said = admin.run("add", "--main-dealer", "Q7X", "--name", "N", "--key", "GROUP", f"--dealer-id={dealer_id}")
    assert said.exit_code == 1
    assert "is not a dealer number: up to 20 letters and digits" in said.stderr


def test_numbers_are_unique_in_the_country(admin: Admin) -> None:
    admin.adds_main_dealer("K4B")
    admin.adds_key("NORTH", "K4B")
    admin.does(*add("09417"))
    assert admin.is_refused(*add("09417", "K4B", "NORTH")) == (
        "dealer 09417 is in the registry already; change it with `edit`"
    )


def test_a_number_that_a_spreadsheet_has_shortened_is_refused(admin: Admin) -> None:
    admin.does(*add("09417"))
    assert admin.is_refused(*add("9417")) == (
        "dealer 09417 is in the registry: did a spreadsheet change the zeros of 9417?"
    )
    admin.does(*add("19417"))


def test_unknown_things(admin: Admin) -> None:
    assert "there is no main dealer ZZ" in admin.is_refused(*add("09417", main_dealer="ZZ"))
    assert "main dealer Q7X has no key «NONE»" in admin.is_refused(*add("09417", key="NONE"))
    for command in ("show", "edit", "disable", "enable"):
        assert admin.is_refused(command, "1") == "there is no dealer 1 in the registry; see `uv run dealers list`"
    assert "name: must not be empty" in admin.is_refused(*add("09417", name=" "))


def test_history_says_who_changed_what_from_what_to_what(
    admin: Admin, tables: Tables, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("LOGNAME", "siti")
    admin.adds_dealer()
    admin.does("edit", "09417", "--name", "Baru", "--city", "Kediri")
    admin.does("edit", "09417", "--name", "Baru")
    admin.is_refused("edit", "09417", "--name", "Lain", "--key", "NONE")
    environment.setenv("LOGNAME", "budi")
    admin.does("disable", "09417")

    (key_id,) = tables.rows("select id from registry.api_key")[0]
    added = {"id": [None, "09417"], "name": [None, "Jaya Motor"], "main_dealer_id": [None, "Q7X"],
             "api_key_id": [None, key_id]}  # fmt: skip
    assert tables.changes()[2:] == [
        ("siti", "dealer", "09417", "add", added),
        ("siti", "dealer", "09417", "edit", {"name": ["Jaya Motor", "Baru"], "city": [None, "Kediri"]}),
        ("budi", "dealer", "09417", "edit", {"is_enabled": [True, False]}),
    ]
    heading, newest, before, *_ = admin.does("history").splitlines()
    assert heading.split() == ["when", "who", "what", "fields"]
    assert " ".join(newest.split()).endswith("budi edit dealer 09417 is_enabled: True → False")
    assert " ".join(before.split()).endswith("siti edit dealer 09417 city: Kediri; name: Jaya Motor → Baru")
    assert len(admin.does("history", "--limit", "1").splitlines()) == 2


def test_history_when_nobody_has_a_name(admin: Admin, tables: Tables, environment: pytest.MonkeyPatch) -> None:
    """In a container the process may run as a number without a name."""
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        environment.delenv(name, raising=False)
    environment.setattr("pwd.getpwuid", {}.__getitem__)
    environment.setattr("os.getuid", lambda: 4711)
    admin.adds_dealer()
    assert tables.changes()[-1][0] == "user 4711"
