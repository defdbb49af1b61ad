"""The roles and databases on the embedded server. Whoever brings a server of their own makes them there (docs)."""

from collections.abc import Mapping

import psycopg2
from psycopg2 import sql
from sqlalchemy import make_url

from stack.credentials import DATABASES

# Event logs and click trails: losing the last half second in a crash is nothing, waiting for the disk each time is.
RELAXED = ("dagster", "superset")
OWNERS = ("dealers", "dagster", "superset")
# Of the data API: what it may read comes with the tables (dbt_project/macros/core_access.sql and Superset's bootstrap).
# It never logs in as the second: it becomes it where somebody sees some dealers only.
_OF_THE_API = {
    "api_reader": (
        "grant connect on database warehouse to api_reader",
        "do $$ begin create role api_dealer_reader nologin; exception when duplicate_object then null; end $$",
        "grant api_dealer_reader to api_reader",
    ),
    "api_user_reader": ("grant connect on database superset to api_user_reader",),
}


def provide(superuser_url: str, addresses: Mapping[str, str]) -> None:
    """Make the roles and databases of `addresses` (by setting, as in credentials.DATABASES), or complete them.

    Passwords are set to what the addresses say. Raises psycopg2.Error.
    """
    wanted = [(*DATABASES[name], str(make_url(url).password)) for name, url in addresses.items()]
    connection = psycopg2.connect(superuser_url)
    try:
        connection.autocommit = True  # databases are not made in a transaction
        with connection.cursor() as cursor:
            for role, _, password in wanted:
                _provide_role(cursor, role, password)
            for role, database, _ in wanted:
                if role in OWNERS:
                    _provide_database(cursor, database, role)
            for role, _, _ in wanted:
                for statement in _OF_THE_API.get(role, ()):
                    cursor.execute(statement)
    finally:
        connection.close()
    if any(role == "bi_reader" for role, _, _ in wanted):
        _let_read_marts(make_url(superuser_url).set(database="warehouse").render_as_string(hide_password=False))


def _provide_role(cursor: "psycopg2.extensions.cursor", role: str, password: str) -> None:
    cursor.execute("select from pg_roles where rolname = %s", (role,))
    verb = sql.SQL("alter" if cursor.fetchone() is not None else "create")
    cursor.execute(sql.SQL("{} role {} login password %s").format(verb, sql.Identifier(role)), (password,))


def _provide_database(cursor: "psycopg2.extensions.cursor", database: str, owner: str) -> None:
    name = sql.Identifier(database)
    cursor.execute("select from pg_database where datname = %s", (database,))
    if cursor.fetchone() is None:
        cursor.execute(sql.SQL("create database {} owner {}").format(name, sql.Identifier(owner)))
    # Else any role of the server could enter any database of it.
    cursor.execute(sql.SQL("revoke connect, temporary on database {} from public").format(name))
    if database in RELAXED:
        cursor.execute(sql.SQL("alter database {} set synchronous_commit = off").format(name))


def _let_read_marts(warehouse_url: str) -> None:
    """What Superset's role may: enter the warehouse and read the schema marts, today's tables and later ones."""
    connection = psycopg2.connect(warehouse_url)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute("grant connect on database warehouse to bi_reader")
            cursor.execute("create schema if not exists marts authorization dealers")
            cursor.execute("grant usage on schema marts to bi_reader")
            cursor.execute("grant select on all tables in schema marts to bi_reader")
            cursor.execute(
                "alter default privileges for role dealers in schema marts grant select on tables to bi_reader"
            )
    finally:
        connection.close()
