"""Outside the demo a main dealer's address is HTTPS and public, unless a setting allows a network of one's own."""

import pytest
from registry_support import Admin, Tables

from orchestration.registry.credentials import read_access
from orchestration.settings import load_settings

pytestmark = pytest.mark.slow


def adds(url: str) -> tuple[str, ...]:
    return ("main-dealer", "add", "--id", "Q7X", "--name", "Sumber", "--base-url", url)


def test_outside_the_demo_addresses_are_https(admin: Admin, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("DEMO", "0")
    said = admin.is_refused(*adds("http://dgi.example.com"))
    assert said == "base_url: «http://dgi.example.com» is not encrypted: give it as https://"
    admin.does(*adds("https://dgi.example.com"))
    said = admin.is_refused("main-dealer", "edit", "Q7X", "--h23-base-url", "http://h23.example.com")
    assert said.startswith("h23_base_url: «http://h23.example.com» is not encrypted")


def test_outside_the_demo_private_addresses_need_a_setting(admin: Admin, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("DEMO", "0")
    for host in ("127.0.0.1", "10.20.30.40", "169.254.169.254", "[::1]", "localhost"):
        assert "ALLOW_PRIVATE_ADDRESSES=1" in admin.is_refused(*adds(f"https://{host}/dgi-api"))
    environment.setenv("ALLOW_PRIVATE_ADDRESSES", "1")
    admin.does(*adds("https://10.20.30.40/dgi-api"))


def test_the_demo_takes_what_runs_on_this_machine(admin: Admin) -> None:
    admin.does(*adds("http://127.0.0.1:8900/q7x"))


def test_an_address_from_the_demo_is_not_asked_outside_it(
    admin: Admin, tables: Tables, environment: pytest.MonkeyPatch
) -> None:
    admin.does(*adds("http://127.0.0.1:8900/q7x"))
    admin.adds_key()
    admin.adds_dealer()
    environment.setenv("DEMO", "0")
    access = read_access(load_settings())["09417"]
    assert access.server.outgoing.complaint(access.server.url("prsp")), "the client asks this before it sends"
