"""Customers unmasked: for Admin and whoever holds Personal Data, of the dealers that they see; for nobody else."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import people
import psycopg2
import pytest
from house import COUNT, DENIED, House
from people import Person
from real_stack import Stack

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
QUERY: dict[str, Any] = {
    "columns": ["dealer_id", "customer_name", "phone", "identity_number"], "metrics": [], "row_limit": 100_000,
}  # fmt: skip


@pytest.fixture(scope="module")
def holders(stack: Stack, house: House) -> Iterator[dict[str, Person]]:
    """A dealer user of A and an analyst, with the role beside; and a person with nothing but it."""
    made = {
        "dealer": people.make(stack, house.admin, "Dealer User", (house.a,)),
        "analyst": people.make(stack, house.admin, "Analyst"),
        "alone": people.make(stack, house.admin, "Personal Data"),
    }
    for name in ("dealer", "analyst"):
        let_see_people(house, made[name].name)
    yield made


def let_see_people(house: House, name: str) -> None:
    roles = house.admin.get("/api/v1/security/roles/", q="(page_size:100)").json()
    ids = dict(zip((one["name"] for one in roles["result"]), roles["ids"], strict=True))
    found = house.admin.get(
        "/api/v1/security/users/", q=f"(filters:!((col:username,opr:eq,value:'{name}')),page_size:5)"
    ).json()
    user = found["result"][0]
    held = [one["id"] for one in user["roles"]]
    changed = house.admin.put(f"/api/v1/security/users/{found['ids'][0]}", {"roles": [*held, ids["Personal Data"]]})
    assert changed.ok, changed.text


def whole(stack: Stack) -> dict[str, set[tuple[Any, ...]]]:
    """What schema restricted holds, by dealer."""
    with closing(psycopg2.connect(stack.warehouse_url)) as owner, owner.cursor() as cursor:
        cursor.execute("select dealer_id, customer_name, phone, identity_number from restricted.customer")
        found: dict[str, set[tuple[Any, ...]]] = {}
        for row in cursor.fetchall():
            found.setdefault(row[0], set()).add(row)
    return found


def asked(house: House, person: Person) -> set[tuple[Any, ...]]:
    return {tuple(row.values()) for row in person.rows(house.datasets["customer"].id, QUERY)}


def test_who_holds_it_sees_customers_whole_of_the_dealers_that_they_see(
    house: House, stack: Stack, holders: dict[str, Person]
) -> None:
    there = whole(stack)
    assert any(row[2] and row[3] for row in there[house.a]), "telephone and identity numbers are there"
    assert asked(house, holders["dealer"]) == there[house.a]
    everybody = set().union(*there.values())
    assert asked(house, holders["analyst"]) == asked(house, house.admin) == everybody
    assert len(there) > 1


def test_the_role_alone_opens_no_dealer(house: House, holders: dict[str, Person]) -> None:
    answer = holders["alone"].ask(house.datasets["customer"].id, QUERY)
    assert answer.status_code in DENIED or answer.json()["result"][0]["data"] == []


def test_what_is_cached_of_one_holder_is_not_given_to_another(house: House, holders: dict[str, Person]) -> None:
    count = {"columns": ["dealer_id"], "metrics": [COUNT], "row_limit": 90}
    dataset = house.datasets["customer"].id
    first = {row["dealer_id"] for row in holders["analyst"].rows(dataset, count)}
    assert first == {*house.stack.dealers}
    assert {row["dealer_id"] for row in holders["dealer"].rows(dataset, count)} == {house.a}


@pytest.mark.parametrize("who", ["own", "analyst", "nobody", "stray"])
def test_who_does_not_hold_it_sees_neither_the_data_nor_that_it_is_there(house: House, who: str) -> None:
    person: Person = getattr(house, who)
    dataset = house.datasets["customer"].id
    assert asked(house, house.admin), "and it is kept now"
    for around in ({}, {"form_data": {"dashboardId": house.boards["home"]}}, {"form_data": house.place("fct_order")}):
        for query in (QUERY, {"columns": [], "metrics": [COUNT], "row_limit": 10}):
            assert person.ask(dataset, query, **around).status_code in DENIED
    answer = person.get("/api/v1/dataset/", q="(page_size:200,columns:!(id,table_name,schema))")
    if answer.ok:
        listed = answer.json()["result"]
        assert [one for one in listed if one["table_name"] == "customer" or one["schema"] == "restricted"] == []
    assert person.get(f"/api/v1/dataset/{dataset}").status_code in DENIED
    databases = person.get("/api/v1/database/", q="(page_size:20)")
    assert not databases.ok or "Personal data" not in databases.text
    path = f"/datasource/samples?force=true&datasource_type=table&datasource_id={dataset}&per_page=100&page=1"
    assert person.post(path, {"filters": []}).status_code in DENIED
    assert person.get(f"/api/v1/datasource/table/{dataset}/column/phone/values/").status_code in DENIED
    assert person.get("/api/v1/explore/", datasource_id=dataset, datasource_type="table").status_code in DENIED


def test_sql_lab_reaches_it_for_nobody_who_does_not_hold_it(house: House) -> None:
    databases = house.admin.get("/api/v1/database/", q="(page_size:20)").json()["result"]
    for one in databases:
        query = {"database_id": one["id"], "sql": "select phone from restricted.customer", "schema": "restricted",
                 "client_id": f"sql{one['id']}"}  # fmt: skip
        answer = house.analyst.post("/api/v1/sqllab/execute/", query)
        assert not answer.ok, one["database_name"]
        assert one["database_name"] == "Warehouse" or "was not found" in answer.text, "it is not there for them"
    assert {one["database_name"] for one in databases} == {"Warehouse", "Personal data"}


def test_who_holds_it_finds_it_in_the_browsers_lists(house: House, holders: dict[str, Person]) -> None:
    def listed(person: Person) -> set[str]:
        answer = person.get("/api/v1/dataset/", q="(page_size:200,columns:!(table_name,schema))").json()["result"]
        return {f"{one['schema']}.{one['table_name']}" for one in answer}

    assert listed(holders["dealer"]) == {"restricted.customer"}
    assert "restricted.customer" in listed(holders["analyst"])
    dataset = house.datasets["customer"].id
    opened = holders["dealer"].get("/api/v1/explore/", datasource_id=dataset, datasource_type="table")
    assert opened.ok and opened.json()["result"]["dataset"]["table_name"] == "customer"


def test_postgres_decides_it_again(stack: Stack, house: House) -> None:
    """As people_reader: nothing without a name, own dealers with one, all when it says so; no other table."""
    with closing(psycopg2.connect(stack.env["WAREHOUSE_PEOPLE_READER_URL"])) as reader, reader.cursor() as cursor:
        cursor.execute("select count(*) from restricted.customer")
        assert cursor.fetchone() == (0,)
        cursor.execute("set dealer_dashboard.user_name = %s", (house.own.name,))
        cursor.execute("select distinct dealer_id from restricted.customer")
        assert cursor.fetchall() == [(house.a,)]
        cursor.execute("set role people_reader")
        cursor.execute("select count(distinct dealer_id) from restricted.customer")
        assert cursor.fetchone() == (len(stack.dealers),)
        for table in ("restricted.document_customer", "restricted.customer_secret", "core.spk", "marts.fct_order"):
            cursor.execute("savepoint here")
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                cursor.execute(f"select 1 from {table}")
            cursor.execute("rollback to here")
    for url in (stack.env["WAREHOUSE_READER_URL"], stack.dealer_reader_url, stack.env["API_DATABASE_URL"]):
        refused = pytest.raises(psycopg2.errors.InsufficientPrivilege)
        with closing(psycopg2.connect(url)) as reader, reader.cursor() as cursor, refused:
            cursor.execute("select 1 from restricted.customer")
