from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import psycopg2
import pytest
from sqlalchemy import make_url

from orchestration.registry.migrate import migrate
from orchestration.settings import Settings
from stack import credentials, databases


@pytest.fixture(scope="module")
def addresses(superuser_url: str) -> dict[str, str]:
    port = make_url(superuser_url).port
    made = {
        name: f"postgresql://{role}:secret-of-{role}@127.0.0.1:{port}/{database}"
        for name, (role, database) in credentials.DATABASES.items()
    }
    databases.provide(superuser_url, made)
    databases.provide(superuser_url, made)  # a second time changes nothing
    return made


@contextmanager
def cursor(url: str) -> Iterator[Any]:
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as open_cursor:
        yield open_cursor


def test_each_database_belongs_to_its_role(addresses: dict[str, str]) -> None:
    for name in ("WAREHOUSE_URL", "DAGSTER_DATABASE_URL", "SUPERSET_DATABASE_URL"):
        with cursor(addresses[name]) as owner:
            owner.execute("create table mine (id int); drop table mine")


def test_texts_sort_the_same_everywhere_and_times_are_utc(addresses: dict[str, str]) -> None:
    with cursor(addresses["WAREHOUSE_URL"]) as owner:
        owner.execute("select datlocprovider, datlocale from pg_database where datname = current_database()")
        assert owner.fetchone() == ("b", "C.UTF-8")
        owner.execute("show timezone")
        assert owner.fetchone() == ("UTC",)


def test_the_reader_reads_marts_and_nothing_else(addresses: dict[str, str]) -> None:
    with cursor(addresses["WAREHOUSE_URL"]) as owner:
        owner.execute("create table marts.fct_sales as select 1 as units")
        owner.execute("create table core.prospect as select 'name' as nama")
    reader_url = addresses["WAREHOUSE_READER_URL"]
    with cursor(reader_url) as reader:
        reader.execute("select units from marts.fct_sales")
        assert reader.fetchone() == (1,)
    for forbidden in (
        "select * from core.prospect",
        "delete from marts.fct_sales",
        "create table marts.other (id int)",
    ):
        with pytest.raises(psycopg2.errors.InsufficientPrivilege), cursor(reader_url) as reader:
            reader.execute(forbidden)


# What each process does, and what it must not: role -> statements.
MAY = {
    "WAREHOUSE_LOADER_URL": (
        "insert into raw._dlt_loads (load_id, schema_name, status, inserted_at) values ('1', 'dgi', 0, now())",
        "select secret_encrypted from registry.api_key",
        "update registry.key_usage set requests = requests",
        "select max(id) from registry.change; select * from registry.fetch_schedule",
        "insert into registry.incident (kind, cause, details) values ('late', 'Q7X', '{}')",
    ),
    "WAREHOUSE_TRANSFORMER_URL": (
        "select * from raw.prsp",
        "create table marts.made as select 1 as units",
        "drop table core.prospect_of_before",
        "select id, name, daily_quota from registry.api_key",
        "select max(id) from registry.change",
        "create schema if not exists staging; create temporary table scratch (id int)",
    ),
    "WAREHOUSE_REGISTRY_URL": (
        "insert into registry.main_dealer (id, name, base_url, modules) values ('Q7X', 'S', 'https://h', '{prsp}')",
        "insert into registry.change (changed_by, entity, entity_id, action, values) values ('a', 'b', 'c', 'd', '{}')",
        "select dealer_id, outcome, called_at from raw.api_call",
    ),
    "WAREHOUSE_READER_URL": ("select * from marts.fct_before",),
    "WAREHOUSE_DEALER_READER_URL": ("select registry.visible_dealers()",),
    "WAREHOUSE_PEOPLE_READER_URL": ("select registry.visible_dealers()", "set role people_reader"),
}
MAY_NOT = {
    "WAREHOUSE_LOADER_URL": (
        "delete from raw.prsp",
        "update raw.prsp set document_key = ''",
        "truncate raw.prsp",
        "drop table raw.prsp",
        "select * from core.prospect_of_before",
        "select * from marts.fct_before",
        "update registry.api_key set secret_encrypted = ''",
        "select * from registry.user_dealer",
        "select values from registry.change",
        "update registry.main_dealer set base_url = 'https://elsewhere'",
        "create schema mine",
    ),
    "WAREHOUSE_TRANSFORMER_URL": (
        "insert into raw._dlt_loads (load_id) values ('2')",
        "delete from raw.prsp",
        "select secret_encrypted from registry.api_key",
        "select api_key from registry.api_key",
        "update registry.dealer set name = ''",
        "select * from registry.user_dealer",
    ),
    "WAREHOUSE_REGISTRY_URL": (
        "update raw.prsp set document_key = ''",
        "select payload from raw.prsp",
        "select * from core.prospect_of_before",
        "select * from marts.fct_before",
        "update registry.change set changed_by = 'another'",
        "select * from registry.erasure_secret",
        "create role another",
        "create schema mine",
    ),
    "WAREHOUSE_READER_URL": (
        "select * from raw.prsp",
        "select * from registry.dealer",
        "create temporary table t (i int)",
    ),
    "WAREHOUSE_DEALER_READER_URL": (
        "select * from marts.fct_before",
        "select * from registry.user_dealer",
        "create temporary table t (i int)",
        "create table public.t (i int)",
        "set role people_reader",
    ),
    "WAREHOUSE_PEOPLE_READER_URL": (
        "select * from core.prospect_of_before",
        "select * from marts.fct_before",
        "select * from registry.user_dealer",
        "select * from raw.prsp",
        "create table public.t (i int)",
    ),
}


@pytest.fixture(scope="module")
def migrated(superuser_url: str, addresses: dict[str, str]) -> dict[str, str]:
    """The same with the tables of registry and raw, and with what an older version's owner made."""
    with cursor(addresses["WAREHOUSE_URL"]) as owner:
        owner.execute("create table core.prospect_of_before (id int); create table marts.fct_before (id int)")
        owner.execute("create function staging.of_before() returns int language sql return 1")
    databases.provide(superuser_url, addresses)
    migrate(Settings(_env_file=None, warehouse_url=addresses["WAREHOUSE_URL"]))  # type: ignore[call-arg]
    return addresses


@pytest.mark.parametrize("name", MAY)
def test_each_process_may_do_its_part(migrated: dict[str, str], name: str) -> None:
    for statement in MAY[name]:
        with closing(psycopg2.connect(migrated[name])) as connection, connection.cursor() as one:
            one.execute(statement)  # and not committed


@pytest.mark.parametrize("name", MAY_NOT)
def test_and_no_more(migrated: dict[str, str], name: str) -> None:
    for statement in MAY_NOT[name]:
        with pytest.raises(psycopg2.errors.InsufficientPrivilege), cursor(migrated[name]) as one:
            one.execute(statement)


def test_nobody_but_the_superuser_is_one(migrated: dict[str, str]) -> None:
    with cursor(migrated["WAREHOUSE_URL"]) as owner:
        owner.execute(
            "select rolname from pg_roles where rolname not like 'pg\\_%'"
            " and (rolsuper or rolcreaterole or rolcreatedb or rolbypassrls or rolreplication)"
        )
        assert owner.fetchall() == [("postgres",)]


def test_the_owner_reaches_everything_of_the_warehouse(migrated: dict[str, str]) -> None:
    with cursor(migrated["WAREHOUSE_TRANSFORMER_URL"]) as transformer:
        transformer.execute("create table restricted.secret_of_transformer as select 1 as one")
    with cursor(migrated["WAREHOUSE_URL"]) as owner:
        owner.execute("select one from restricted.secret_of_transformer")
        owner.execute("drop table restricted.secret_of_transformer")


def test_no_role_enters_another_ones_database(addresses: dict[str, str]) -> None:
    elsewhere = make_url(addresses["WAREHOUSE_READER_URL"]).set(database="superset")
    with pytest.raises(psycopg2.OperationalError, match="permission denied"):
        psycopg2.connect(elsewhere.render_as_string(hide_password=False))


def test_a_wrong_password_does_not_get_in(addresses: dict[str, str]) -> None:
    wrong = make_url(addresses["WAREHOUSE_URL"]).set(password="guess")
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        psycopg2.connect(wrong.render_as_string(hide_password=False))
