"""As whom the registry's service is in the warehouse, that its pages need no more, and what it is refused there."""

import threading
import time
from contextlib import closing

import psycopg2
import pytest
from registry_support import Tables
from servers import unused_port
from test_registry_service import Caller, caller, service  # noqa: F401  (fixtures)

pytestmark = pytest.mark.slow

_ASKING = """
    select distinct usename from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock'
"""
# Statement -> why nobody who edits the registry needs it.
REFUSED = {
    "update raw.prsp set document_key = ''": "raw is added to by the loader alone",
    "insert into raw._dlt_loads (load_id) values ('9')": "raw is added to by the loader alone",
    "select payload from raw.prsp": "documents hold personal data",
    "select payload from raw.rejected_record": "what was not taken does too",
    "select * from raw.api_call": "of calls, what they came to",
    "select full_name from core.prospect": "core holds personal data",
    "select * from restricted.customer": "restricted holds nothing else",
    "select * from marts.dim_customer": "marts are Superset's",
    "update registry.change set changed_by = 'somebody else'": "the history is added to and never rewritten",
    "delete from registry.change": "the history is added to and never rewritten",
    "delete from registry.dealer": "dealers are disabled, for their documents stay",
    "select secret from registry.erasure_secret": "with it, erased numbers could be guessed",
    "update registry.incident set closed_at = now()": "incidents are the alerts'",
    "create table registry.mine (id int)": "tables come by migrations",
    "create schema mine": "so do schemas",
    "create role another": "roles are made when the stack is set up",
    "alter role registry_editor superuser": "roles are made when the stack is set up",
    "create table public.mine (id int)": "there is nothing of it elsewhere",
    "copy registry.dealer to program 'cat'": "that would be a shell on the server",
}


@pytest.fixture(scope="module")
def made(migrated: str) -> str:
    """The warehouse's address as its owner, with a table of each schema that dbt makes."""
    with closing(psycopg2.connect(migrated)) as connection, connection, connection.cursor() as owner:
        owner.execute("create schema if not exists restricted")
        owner.execute("create table core.prospect as select 'Siti'::text as full_name")
        owner.execute("create table restricted.customer as select 'Siti'::text as full_name")
        owner.execute("create table marts.dim_customer as select 'S.'::text as initials")
    return migrated


def test_the_service_is_in_the_warehouse_as_the_registrys_editor(caller: Caller, made: str) -> None:  # noqa: F811
    """While its table is locked the service waits, and Postgres tells who that is."""
    caller.fills()
    with closing(psycopg2.connect(made)) as holder, closing(psycopg2.connect(made)) as looking:
        looking.autocommit = True
        holder.cursor().execute("lock table registry.dealer in access exclusive mode")
        asking = threading.Thread(target=caller.ask, args=("GET", "/dealers"))
        asking.start()
        deadline, who = time.monotonic() + 60, []
        with looking.cursor() as cursor:
            while not who and time.monotonic() < deadline:
                cursor.execute(_ASKING)
                who = cursor.fetchall()
        holder.rollback()
        asking.join()
    assert who == [("registry_editor",)]


def test_the_health_page_tells_everything_of_the_warehouse(caller: Caller, tables: Tables) -> None:  # noqa: F811
    caller.fills()
    tables.execute("insert into registry.key_usage select id, current_date, 1 from registry.api_key")
    found = {one["area"]: one for one in caller.ask("GET", "/findings")}
    assert {"Postgres", "main dealer Q7X", "quota Q7X/GROUP", "freshness"} <= set(found)
    assert found["Postgres"]["sentence"] == "answers: warehouse"
    assert "1 modules" not in found["freshness"]["sentence"] and found["freshness"]["ok"] is not None
    assert found["quota Q7X/GROUP"]["ok"] is True


def test_a_test_of_a_connection_counts_its_requests(caller: Caller, tables: Tables) -> None:  # noqa: F811
    caller.fills()
    nowhere = f"https://127.0.0.1:{unused_port()}"
    caller.ask("PATCH", "/main-dealers/Q7X", json={"base_url": nowhere, "modules": ["prsp", "spk"]})
    verdicts = caller.ask("POST", "/main-dealers/Q7X/test")
    assert [(verdict["module"], verdict["is_well"]) for verdict in verdicts] == [("prsp", False), ("spk", False)]
    assert tables.rows("select requests from registry.key_usage") == [(2,)]


@pytest.mark.parametrize("statement", REFUSED)
def test_and_no_more(made: str, editor_url: str, statement: str) -> None:
    refused = pytest.raises(psycopg2.errors.InsufficientPrivilege)
    with closing(psycopg2.connect(editor_url)) as connection, connection.cursor() as cursor, refused:
        cursor.execute(statement)
