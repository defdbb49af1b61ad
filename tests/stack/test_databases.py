from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import psycopg2
import pytest
from sqlalchemy import make_url

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
        owner.execute("create schema core; create table core.prospect as select 'name' as nama")
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


def test_no_role_enters_another_ones_database(addresses: dict[str, str]) -> None:
    elsewhere = make_url(addresses["WAREHOUSE_READER_URL"]).set(database="superset")
    with pytest.raises(psycopg2.OperationalError, match="permission denied"):
        psycopg2.connect(elsewhere.render_as_string(hide_password=False))


def test_a_wrong_password_does_not_get_in(addresses: dict[str, str]) -> None:
    wrong = make_url(addresses["WAREHOUSE_URL"]).set(password="guess")
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        psycopg2.connect(wrong.render_as_string(hide_password=False))
