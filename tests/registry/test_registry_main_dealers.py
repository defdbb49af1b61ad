"""`dealers main-dealer`: what an admin can enter, see and change of a main dealer."""

import pytest
from registry_support import Admin, Tables

pytestmark = pytest.mark.slow


def test_added_with_the_documented_options(admin: Admin) -> None:
    admin.does("main-dealer", "add", "--id", "Q7X", "--name", "Sumber Makmur", "--base-url", "https://dgi.example.com",
               "--timezone", "Asia/Makassar", "--range-days", "3", "--max-age-days", "14")  # fmt: skip

    line = admin.row("main-dealer", "list", of="Q7X")
    assert line == "Q7X Sumber Makmur https://dgi.example.com Asia/Makassar 3 14 all enabled"
    shown = admin.fields("main-dealer", "show", "Q7X")
    assert shown["zone"] == "Asia/Makassar"
    assert (shown["range days"], shown["max age days"], shown["version"]) == ("3", "14", "v1.3")
    assert (shown["keys"], shown["dealers"]) == ("none yet", "0")


def test_defaults_are_those_of_the_contract(admin: Admin) -> None:
    admin.does("main-dealer", "add", "--id", "Q7X", "--name", "N", "--base-url", "https://dgi.example.com")
    shown = admin.fields("main-dealer", "show", "Q7X")
    assert shown["zone"] == "Asia/Jakarta"
    assert (shown["range days"], shown["max age days"]) == ("7", "30")
    assert (shown["token separator"], shown["H23 base URL"], shown["modules"]) == ("", "", "all")


def test_how_its_server_differs_can_be_entered_and_taken_back(admin: Admin) -> None:
    admin.adds_main_dealer("K4B", "--h23-base-url", "https://h23.example.com/dgi_api", "--version", "v2",
                           "--token-separator", ":", "--module", "prsp", "--module", "spk", "--module", "prsp",
                           "--connect-timeout", "2.5", "--answer-timeout", "90", "--attempts", "6",
                           "--concurrency", "2")  # fmt: skip
    shown = admin.fields("main-dealer", "show", "K4B")
    assert shown["H23 base URL"] == "https://h23.example.com/dgi_api"
    assert (shown["version"], shown["token separator"], shown["modules"]) == ("v2", ":", "prsp, spk")
    assert (shown["connect timeout"], shown["answer timeout"]) == ("2.5 s", "90 s")
    assert (shown["attempts"], shown["concurrency"]) == ("6", "2")

    admin.does("main-dealer", "edit", "K4B", "--h23-base-url", "", "--token-separator", "", "--module", "all")
    shown = admin.fields("main-dealer", "show", "K4B")
    assert (shown["H23 base URL"], shown["token separator"], shown["modules"]) == ("", "", "all")


def test_whole_group_calls_are_off_until_they_are_allowed(admin: Admin) -> None:
    admin.adds_main_dealer()
    assert admin.fields("main-dealer", "show", "Q7X")["whole group calls"] == "no"
    said = admin.does("main-dealer", "edit", "Q7X", "--whole-group-calls")
    assert said == "main dealer Q7X changed: whole_group_calls\n"
    assert admin.fields("main-dealer", "show", "Q7X")["whole group calls"] == "yes"
    admin.does("main-dealer", "edit", "Q7X", "--no-whole-group-calls")
    assert admin.fields("main-dealer", "show", "Q7X")["whole group calls"] == "no"


def test_edit_changes_only_what_is_given(admin: Admin) -> None:
    admin.adds_main_dealer()
    before = admin.fields("main-dealer", "show", "Q7X")
    assert admin.does("main-dealer", "edit", "Q7X", "--range-days", "2") == "main dealer Q7X changed: range_days\n"
    assert admin.fields("main-dealer", "show", "Q7X") == {**before, "range days": "2"}
    assert admin.does("main-dealer", "edit", "Q7X", "--range-days", "2") == "main dealer Q7X: nothing to change\n"
    assert admin.does("main-dealer", "edit", "Q7X") == "main dealer Q7X: nothing to change\n"


def test_disabled_and_enabled(admin: Admin) -> None:
    admin.adds_main_dealer()
    admin.adds_key()
    admin.adds_dealer()
    admin.does("main-dealer", "disable", "Q7X")
    assert admin.row("main-dealer", "list", of="Q7X").endswith("disabled")
    assert admin.fields("show", "09417")["state"] == "main dealer disabled"
    admin.does("main-dealer", "enable", "Q7X")
    assert admin.row("main-dealer", "list", of="Q7X").endswith("enabled")
    assert admin.fields("show", "09417")["state"] == "enabled"


@pytest.mark.parametrize(
    ("option", "value", "sentence"),
    [
        ("--base-url", "dgi.example.com", "base_url: «dgi.example.com» is no address: give it as https://host/path"),
        ("--base-url", "ftp://dgi.example.com", "is no address"),
        ("--base-url", "https://", "is no address"),
        ("--base-url", "https://[::1", "is no address"),
        ("--base-url", "https://dgi.example.com:port", "is no address"),
        ("--base-url", "https://dgi.example.com?q=1", "is no address"),
        ("--base-url", "https://admin:pass@dgi.example.com", "base_url: must hold no user or password"),
        ("--base-url", "", "is no address"),
        ("--h23-base-url", "h23", "h23_base_url: «h23» is no address"),
        ("--version", "1.3", "version: «1.3» is not a version such as v1.3"),
        ("--timezone", "Asia/Jakart", "time_zone: «Asia/Jakart» is no time zone: for example Asia/Jakarta"),
        ("--timezone", "../etc/passwd", "is no time zone"),
        ("--timezone", "", "is no time zone"),
        ("--module", "prspp", "modules: unknown: prspp; known are prsp, "),
        ("--name", "  ", "name: must not be empty"),
        ("--range-days", "0", "range_days: 0 is not between 1 and 366"),
        ("--range-days", "367", "range_days: 367 is not between 1 and 366"),
        ("--max-age-days", "3661", "max_age_days: 3,661 is not between 1 and 3,660"),
        ("--concurrency", "65", "concurrency: 65 is not between 1 and 64"),
        ("--attempts", "0", "attempts: 0 is not between 1 and 20"),
        ("--connect-timeout", "0", "connect_timeout: 0.0 is not between 0.1 and 600"),
        ("--answer-timeout", "nan", "answer_timeout: nan is not between"),
    ],
)
def test_what_is_not_allowed_is_refused_in_a_sentence(
    admin: Admin, tables: Tables, option: str, value: str, sentence: str
) -> None:
    admin.adds_main_dealer()
    before = tables.rows("select * from registry.main_dealer")
    assert sentence in admin.is_refused("main-dealer", "edit", "Q7X", option, value)
    assert tables.rows("select * from registry.main_dealer") == before
    assert len(tables.changes()) == 1


def test_ids_are_checked_and_unique(admin: Admin) -> None:
    admin.adds_main_dealer()
    options = ("--name", "N", "--base-url", "https://dgi.example.com")
    assert admin.is_refused("main-dealer", "add", "--id", "Q7X", *options) == (
        "main dealer Q7X is in the registry already; change it with `edit`"
    )
    assert "is not a main dealer code" in admin.is_refused("main-dealer", "add", "--id", "Q 7", *options)
    assert "Missing option '--base-url'" in admin.misuses("main-dealer", "add", "--id", "Z", "--name", "N")


@pytest.mark.parametrize("command", ["show", "edit", "disable", "enable"])
def test_one_that_is_not_there(admin: Admin, command: str) -> None:
    sentence = admin.is_refused("main-dealer", command, "NONE")
    assert sentence == "there is no main dealer NONE in the registry; see `uv run dealers main-dealer list`"


def test_stray_spaces_and_markup_do_no_harm(admin: Admin) -> None:
    admin.does("main-dealer", "add", "--id", "Q7X", "--name", "  [/red] Sumber\u00a0 Makmur :car: ",
               "--base-url", " https://dgi.example.com/x ")  # fmt: skip
    shown = admin.fields("main-dealer", "show", "Q7X")
    assert shown["name"] == "[/red] Sumber Makmur :car:"
    assert shown["base URL"] == "https://dgi.example.com/x"


def test_a_wide_table_keeps_a_row_on_a_line(admin: Admin) -> None:
    admin.adds_main_dealer("Q7X", "--h23-base-url", f"https://{'h' * 200}.example.com")
    admin.does("main-dealer", "edit", "Q7X", "--base-url", f"https://{'d' * 60}.example.com/{'p' * 300}")
    assert admin.row("main-dealer", "list", of="Q7X").endswith("7 30 all enabled")
