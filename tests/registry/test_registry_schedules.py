"""`dealers schedule`: when which dealers are pulled."""

import pytest
from registry_support import Admin, Tables

pytestmark = pytest.mark.slow


@pytest.fixture
def admin(admin: Admin) -> Admin:
    admin.adds_main_dealer()
    admin.adds_key()
    admin.adds_dealer()
    return admin


def test_a_schedule_for_all_a_main_dealer_a_group_or_a_dealer(admin: Admin) -> None:
    assert admin.does("schedule", "add", "--name", "All", "--every-hours", "1") == (
        "fetch schedule All added: all dealers, every hour\n"
    )
    admin.does("schedule", "add", "--name", "Main", "--main-dealer", "Q7X", "--daily-at", "5:30")
    admin.does("schedule", "add", "--name", "Group", "--main-dealer", "Q7X", "--key", "GROUP", "--cron", "30 5 * * 1-6",
               "--module", "prsp")  # fmt: skip
    admin.does("schedule", "add", "--name", "One", "--dealer", "09417", "--every-hours", "6")
    assert admin.row("schedule", "list", of="All") == "All all dealers every hour all enabled"
    assert admin.row("schedule", "list", of="Main") == "Main main dealer Q7X daily at 05:30 all enabled"
    assert admin.row("schedule", "list", of="Group") == "Group group GROUP of Q7X cron 30 5 * * 1-6 prsp enabled"
    assert admin.row("schedule", "list", of="One") == "One dealer 09417 every 6 hours all enabled"


def test_a_change_takes_the_place_of_what_was_there(admin: Admin, tables: Tables) -> None:
    admin.does("schedule", "add", "--name", "Night", "--dealer", "09417", "--daily-at", "05:30")
    changed = admin.does("schedule", "edit", "Night", "--cron", "0 5 * * *", "--all-dealers", "--name", "Morning")
    assert sorted(changed.removeprefix("fetch schedule Night changed: ").strip().split(", ")) == [
        "cron", "daily_at", "dealer_id", "name",
    ]  # fmt: skip
    admin.does("schedule", "disable", "Morning")
    assert admin.row("schedule", "list", of="Morning") == "Morning all dealers cron 0 5 * * * all disabled"
    admin.does("schedule", "enable", "Morning")
    entity, name, action, values = tables.changes()[4][1:]
    assert (entity, name, action, values["daily_at"]) == ("fetch_schedule", "Morning", "edit", ["05:30", None])
    assert "edit fetch schedule Morning" in admin.does("history")


def test_mistakes(admin: Admin) -> None:
    add = ("schedule", "add", "--name", "X")
    assert "say when" in admin.is_refused(*add)
    assert "give one of" in admin.is_refused(*add, "--every-hours", "2", "--cron", "0 5 * * *")
    assert "five fields" in admin.is_refused(*add, "--cron", "@daily")
    assert "no time of day" in admin.is_refused(*add, "--daily-at", "noon")
    assert "not between 1 and 24" in admin.is_refused(*add, "--every-hours", "48")
    assert "without its main dealer" in admin.is_refused(*add, "--every-hours", "2", "--key", "GROUP")
    assert "no dealer 00001" in admin.is_refused(*add, "--every-hours", "2", "--dealer", "00001")
    assert "no fetch schedule «X»" in admin.is_refused("schedule", "edit", "X", "--every-hours", "2")
    admin.does(*add, "--every-hours", "2")
    assert "already" in admin.is_refused(*add, "--every-hours", "2")
