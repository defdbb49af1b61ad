"""Registering a whole fleet, as `make up` does with the sandbox's."""

import copy
from typing import Any

import pytest
from cryptography.fernet import Fernet
from registry_support import Admin, Tables

from orchestration.registry.credentials import Access, read_access
from orchestration.registry.fleet import register
from orchestration.settings import Settings, load_settings

pytestmark = pytest.mark.slow
FLEET: dict[str, Any] = {
    "main_dealers": [
        {
            "id": "Q7X",
            "name": "Sumber",
            "timezone": "Asia/Makassar",
            "h1_base_url": "http://127.0.0.1:8900/q7x/h1",
            "h23_base_url": "http://127.0.0.1:8900/q7x/h23",
            "token_separator": ":",
            "range_days": 3,
            "max_age_days": 30,
            "modules": ["prsp", "spk"],
        }
    ],
    "keys": [
        {"main_dealer": "Q7X", "name": "A", "api_key": "key-a", "secret_key": "secret-a", "daily_quota": 100},
        {"main_dealer": "Q7X", "name": "B", "api_key": "key-b", "secret_key": "secret-b", "daily_quota": None},
    ],
    "dealers": [
        {"id": f"0000{n}", "name": f"Dealer {n}", "main_dealer": "Q7X", "key": "A", "city": "Malang"} for n in range(5)
    ],
}


@pytest.fixture
def fleet(settings: Settings) -> dict[str, Any]:
    assert register(settings, FLEET) == 8
    return copy.deepcopy(FLEET)


def access(dealer_id: str = "00000") -> Access:
    found = read_access(load_settings())[dealer_id]
    assert isinstance(found, Access), found
    return found


def test_what_is_registered_can_be_asked_for(fleet: dict[str, Any]) -> None:
    found = access()
    assert found.server.url("prsp") == "http://127.0.0.1:8900/q7x/h1/prsp/read"
    assert found.server.modules == {"prsp", "spk"} and not found.server.whole_group_calls
    assert (found.server.time_zone, found.server.token_separator, found.server.range_days) == ("Asia/Makassar", ":", 3)
    assert (found.key.api_key, found.key.secret_key, found.key.daily_quota) == ("key-a", "secret-a", 100)


def test_a_second_time_nothing_changes(fleet: dict[str, Any], settings: Settings, tables: Tables) -> None:
    def everything() -> list[Any]:
        return [tables.rows(f"select * from registry.{name} order by 1")
                for name in ("main_dealer", "api_key", "dealer", "change")]  # fmt: skip

    before = everything()
    assert register(settings, fleet) == 0
    assert everything() == before


def test_what_the_fleet_changes_is_changed(fleet: dict[str, Any], settings: Settings, tables: Tables) -> None:
    fleet["main_dealers"][0] |= {"range_days": 7, "whole_group_calls": True}
    fleet["keys"][0]["secret_key"] = "another"
    fleet["dealers"][0]["key"] = "B"
    assert register(settings, fleet) == 3
    assert access("00000").key.api_key == "key-b"
    assert access("00001").key.secret_key == "another"
    assert access("00001").server.range_days == 7
    assert access("00001").server.whole_group_calls
    assert {change[0] for change in tables.changes()} == {"make up"}


def test_what_an_admin_switched_off_stays_off(fleet: dict[str, Any], settings: Settings) -> None:
    admin = Admin()
    admin.does("disable", "00003")
    assert register(settings, fleet) == 0
    assert admin.row("list", of="00003").endswith("disabled")


def test_secrets_that_no_longer_open_are_entered_again(fleet: dict[str, Any], environment: pytest.MonkeyPatch) -> None:
    environment.setenv("DGI_ENCRYPTION_KEY", Fernet.generate_key().decode())
    assert register(load_settings(), fleet) == 2
    assert access().key.secret_key == "secret-a"


def test_a_broken_fleet_leaves_nothing_behind(settings: Settings, tables: Tables) -> None:
    broken = copy.deepcopy(FLEET)
    del broken["dealers"][4]["name"]
    with pytest.raises(KeyError):
        register(settings, broken)
    assert tables.rows("select 1 from registry.main_dealer") == []
