"""Superset and Postgres confine people each for itself: what one forgets the other keeps, caches and names included."""

import time
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import people
import psycopg2
import pytest
from house import COUNT, OF_NOBODY, SHARED, House
from people import Person
from real_stack import Stack

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
SECONDS_UNTIL_KNOWN = 6.0  # rules are read again after five
ELSEWHERE = ("core.spk", "raw.spk", "staging.stg_dgi__spk", "restricted.customer")
ELSEWHERE += ("registry.dealer", "registry.user_dealer", "registry.api_key")


def test_what_is_cached_of_one_person_is_not_given_to_another(house: House) -> None:
    query = {"columns": ["dealer_id"], "metrics": [COUNT], "filters": [], "row_limit": 77}
    dataset, place = house.datasets["fct_order"].id, house.place("fct_order")

    def ask(person: Person) -> tuple[set[str], bool]:
        result = person.ask(dataset, query, form_data=place).json()["result"][0]
        return {row["dealer_id"] for row in result["data"]}, result["is_cached"] is True

    everybody = {*house.stack.dealers}
    assert [ask(house.admin) for _ in range(2)] == [(everybody, False), (everybody, True)]
    assert [ask(house.own) for _ in range(2)] == [({house.a}, False), ({house.a}, True)]
    assert [ask(house.other) for _ in range(2)] == [({house.b}, False), ({house.b}, True)]
    assert ask(house.nobody)[0] == set()
    # A person's dealers change: what was kept before is not found again.
    people.may_see(house.stack, house.other.name, house.a, house.b)
    try:
        assert ask(house.other) == ({house.a, house.b}, False)
    finally:
        people.may_see(house.stack, house.other.name, house.b)
    assert ask(house.other) == ({house.b}, True)


@contextmanager
def changed_rule(house: House, **changes: Any) -> Iterator[None]:
    """The rule of own dealers, changed by the administrator and known to all processes as long as the block lasts."""
    rules = house.admin.get("/api/v1/rowlevelsecurity/").json()["result"]
    assert {rule["name"] for rule in rules} == {"Own dealers", "Belongs to no dealer", "Shared by dealers"}
    address = next(f"/api/v1/rowlevelsecurity/{rule['id']}" for rule in rules if rule["name"] == "Own dealers")
    rule = house.admin.get(address).json()["result"]
    as_it_was = {name: rule[name] for name in ("name", "filter_type", "clause")}
    as_it_was |= {name: [one["id"] for one in rule[name]] for name in ("tables", "roles")}
    assert as_it_was["tables"]
    assert house.admin.put(address, as_it_was | changes).ok
    time.sleep(SECONDS_UNTIL_KNOWN)
    try:
        yield
    finally:
        assert house.admin.put(address, as_it_was).ok
        time.sleep(SECONDS_UNTIL_KNOWN)


def test_without_supersets_rules_postgres_shows_no_more(house: House, stack: Stack) -> None:
    """As if somebody had forgotten the rule, and the default that closes what has none."""
    dataset, place = house.datasets["fct_order"].id, house.place("fct_order")
    query = {"columns": ["dealer_id"], "metrics": [COUNT], "filters": [], "row_limit": 78}
    with changed_rule(house, clause="1 = 1"):
        assert {row["dealer_id"] for row in house.own.rows(dataset, query, form_data=place)} == {house.a}
        assert house.nobody.rows(dataset, query, form_data=place) == []
        assert {row["dealer_id"] for row in house.analyst.rows(dataset, query)} == {*stack.dealers}


def test_without_any_rule_superset_shows_nothing(house: House) -> None:
    dataset, place = house.datasets["fct_order"].id, house.place("fct_order")
    query = {"columns": ["dealer_id"], "metrics": [COUNT], "filters": [], "row_limit": 79}
    with changed_rule(house, tables=[house.datasets["dim_dealer"].id]):
        assert house.own.rows(dataset, query, form_data=place) == []


def test_names_cannot_lie_to_postgres(stack: Stack, house: House) -> None:
    """A user whose name would set another name, were it not quoted."""
    for begin in (f"x -c dealer_dashboard.user_name={house.other.name}", "a\\ b", "müller o'neil", "tab\tname"):
        name = f"{begin} {uuid.uuid4().hex[:6]}"
        people.may_see(stack, name, house.a)
        account = {"username": name, "first_name": "x", "last_name": "y", "email": f"{abs(hash(name))}@example.org"}
        roles = house.admin.get("/api/v1/security/roles/", q="(page_size:100)").json()
        role = next(i for i, one in zip(roles["ids"], roles["result"], strict=True) if one["name"] == "Dealer User")
        made = house.admin.post(
            "/api/v1/security/users/", account | {"password": people.PASSWORD, "active": True, "roles": [role]}
        )
        assert made.ok, made.text
        person = Person(stack.url, name).log_in()
        query = {"columns": ["dealer_id"], "metrics": [COUNT], "row_limit": 80}
        rows = person.rows(house.datasets["fct_order"].id, query, form_data=house.place("fct_order"))
        assert {row["dealer_id"] for row in rows} == {house.a}, name


def test_every_relation_of_marts_is_decided(stack: Stack, house: House) -> None:
    """As dealer_reader: own rows where there is a dealer, nothing of what is shared or new."""
    with closing(psycopg2.connect(stack.warehouse_url)) as owner, owner, owner.cursor() as cursor:
        cursor.execute("create table marts.forgotten as select 'x' as dealer_id")
    try:
        with (
            closing(psycopg2.connect(stack.dealer_reader_url)) as connection,
            connection,
            connection.cursor() as cursor,
        ):
            cursor.execute("set dealer_dashboard.user_name = %s", (house.own.name,))
            cursor.execute(
                "select relname, has_table_privilege(c.oid, 'select'), exists (select from pg_attribute as a"
                " where a.attrelid = c.oid and a.attname = 'dealer_id')"
                " from pg_class as c where relnamespace = 'marts'::regnamespace and relkind = any ('{r,v,m,p,f}')"
            )
            closed = set()
            for name, may_read, has_dealer in cursor.fetchall():
                if not may_read:
                    closed.add(name)
                elif has_dealer:
                    cursor.execute(f"select distinct dealer_id from marts.{name}")
                    assert {row[0] for row in cursor.fetchall()} <= {house.a}, name
                else:
                    assert name in OF_NOBODY, name
            assert closed == SHARED | {"data_version", "forgotten"}
            for table in ELSEWHERE:
                with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                    cursor.execute(f"savepoint here; select 1 from {table}")
                cursor.execute("rollback to here")
    finally:
        with closing(psycopg2.connect(stack.warehouse_url)) as owner, owner, owner.cursor() as cursor:
            cursor.execute("drop table marts.forgotten")


def test_postgres_asks_once_whose_rows_they_are_and_finds_them_by_index(stack: Stack, house: House) -> None:
    with closing(psycopg2.connect(stack.dealer_reader_url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute("set dealer_dashboard.user_name = %s", (house.own.name,))
        cursor.execute("set enable_seqscan = off")  # the tables of a test are small
        cursor.execute("explain select sum(visits) from marts.agg_dealer_daily")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "Index Cond: (dealer_id = ANY ((InitPlan" in plan, plan
