"""The roles and databases on the embedded server. Who brings a server of their own makes them there (docs/access.md).

Every process has a role of its own that may do what it does and no more. Only this is done as superuser.
"""

from collections.abc import Collection, Iterator, Mapping

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
        "grant connect on database {database} to api_reader",
        "do $$ begin create role api_dealer_reader nologin; exception when duplicate_object then null; end $$",
        "grant api_dealer_reader to api_reader",
    ),
    "api_user_reader": ("grant connect on database {database} to api_user_reader",),
}
# What dbt makes, and so owns.
TRANSFORMED = ("staging", "core", "marts", "restricted")

# In order. The rights on tables of `registry` and `raw` come with the tables (orchestration/registry/grants.py), those
# on marts with each mart (dbt_project/macros/marts/row_security.sql).
_RIGHTS = {
    "loader": (),
    "transformer": (
        # Owner and psql reach what it makes, and hand it what they made themselves.
        "grant transformer to dealers",
        "grant create, temporary on database {database} to transformer",
        *(f"create schema if not exists {schema}" for schema in TRANSFORMED),
        *(f"alter schema {schema} owner to transformer" for schema in TRANSFORMED),
    ),
    "registry_editor": (),
    "bi_reader": (
        "create schema if not exists marts authorization dealers",
        "grant usage on schema marts to bi_reader",
        "grant select on all tables in schema marts to bi_reader",
        "alter default privileges for role dealers in schema marts grant select on tables to bi_reader",
    ),
    "dealer_reader": (
        "create schema if not exists marts authorization dealers",
        "grant usage on schema marts to dealer_reader",
    ),
    # It logs in as the second, which without a name sees nothing (dbt_project/macros/marts/row_security.sql), and takes
    # its own place where somebody sees all dealers.
    "people_reader": (
        "do $$ begin create role dealer_people_reader nologin; exception when duplicate_object then null; end $$",
        "grant dealer_people_reader to people_reader",
        "alter role people_reader set role = dealer_people_reader",
    ),
}
_LATER_MARTS = "alter default privileges for role transformer in schema marts grant select on tables to bi_reader"
_OTHERS_IN_SCHEMAS = """
    select 'alter ' || case c.relkind when 'v' then 'view' when 'm' then 'materialized view' when 'S' then 'sequence'
           else 'table' end || format(' %%I.%%I owner to transformer', n.nspname, c.relname)
    from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
    where n.nspname = any(%(schemas)s) and c.relkind in ('r', 'p', 'v', 'm', 'S')
        and c.relowner <> 'transformer'::regrole
        and not exists (
            select from pg_depend as d where d.objid = c.oid and d.classid = 'pg_class'::regclass and c.relkind = 'S'
            and d.deptype in ('a', 'i')
        )
    union all
    select format('alter function %%s owner to transformer', p.oid::regprocedure)
    from pg_proc as p join pg_namespace as n on n.oid = p.pronamespace
    where n.nspname = any(%(schemas)s) and p.proowner <> 'transformer'::regrole
"""


def provide(superuser_url: str, addresses: Mapping[str, str]) -> None:
    """Make the roles and databases of `addresses` (by setting, as in credentials.DATABASES), or complete them.

    Databases and passwords are those of the addresses. Raises psycopg2.Error.
    """
    urls = {DATABASES[name][0]: make_url(url) for name, url in addresses.items()}
    wanted = [(role, str(url.database), str(url.password)) for role, url in urls.items()]
    connection = psycopg2.connect(superuser_url)
    try:
        connection.autocommit = True  # databases are not made in a transaction
        with connection.cursor() as cursor:
            for role, _, password in wanted:
                _provide_role(cursor, role, password)
            for role, database, _ in wanted:
                if role in OWNERS:
                    _provide_database(cursor, database, role)
            for role, database, _ in wanted:
                for statement in _OF_THE_API.get(role, ()):
                    cursor.execute(sql.SQL(statement).format(database=sql.Identifier(database)))
    finally:
        connection.close()
    if guests := [role for role in urls if role in _RIGHTS]:
        warehouse = make_url(superuser_url).set(database=urls[guests[0]].database)
        _share_warehouse(warehouse.render_as_string(hide_password=False), guests)


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


def _share_warehouse(warehouse_url: str, guests: Collection[str]) -> None:
    """What the roles that do not own the warehouse may do there, today's tables and later ones."""
    connection, name = psycopg2.connect(warehouse_url), sql.Identifier(str(make_url(warehouse_url).database))
    try:
        with connection, connection.cursor() as cursor:
            for statement in _statements(guests):
                cursor.execute(sql.SQL(statement).format(database=name))
            if "transformer" in guests:  # of an older version or a restored backup
                cursor.execute(_OTHERS_IN_SCHEMAS, {"schemas": list(TRANSFORMED)})
                for (hand_over,) in cursor.fetchall():
                    cursor.execute(hand_over)
    finally:
        connection.close()


def _statements(guests: Collection[str]) -> Iterator[str]:
    for role in _RIGHTS:
        if role in guests:
            yield f"grant connect on database {{database}} to {role}"
            yield from _RIGHTS[role]
    if {"transformer", "bi_reader"} <= set(guests):
        yield _LATER_MARTS
