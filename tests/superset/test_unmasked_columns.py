"""No column with personal data is readable by a role of Postgres that may not, whatever else it is granted."""

from contextlib import closing

import psycopg2
import pytest
from catalogue import columns
from real_stack import Stack

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
# Role -> schemas whose personal data it reads, and why. `customer` alone of schema restricted.
MAY = {
    "dealers": {"raw", "staging", "core", "restricted"},  # owns the warehouse
    "transformer": {"raw", "staging", "core", "restricted"},  # makes all of it
    "loader": {"raw"},  # compares what comes with what is there
    "api_reader": {"core"},  # the data API masks by who asks
    "api_dealer_reader": {"core"},
    "people_reader": {"restricted"},
    "dealer_people_reader": {"restricted"},
}
_READABLE = """
    select role.rolname, c.oid::regclass::text
    from pg_roles as role, pg_class as c
    join pg_namespace as n on n.oid = c.relnamespace
    join pg_attribute as a on a.attrelid = c.oid and a.attname = %(column)s and not a.attisdropped
    where n.nspname = %(schema)s and c.relname = %(table)s
        and not role.rolsuper and role.rolname not like 'pg\\_%%'
        and has_schema_privilege(role.oid, n.oid, 'usage') and has_column_privilege(role.oid, c.oid, a.attnum, 'select')
"""


def personal() -> list[tuple[str, str, str]]:
    """Schema, table and column of all that the catalogue calls personal, and what was received as it came."""
    found = [
        (one.layer, one.model, one.name)
        for one in columns("staging", "core", "restricted")
        if "personal_data" in one.meta
    ]
    received = [("raw", table, "payload") for table in ("prsp", "spk", "bast", "pkb", "rejected_record")]
    return [*found, *received, ("restricted", "customer_secret", "secret"), ("registry", "api_key", "secret_encrypted")]


def test_unmasked_columns_are_read_by_those_who_may(stack: Stack) -> None:
    readers: dict[str, set[str]] = {}
    with closing(psycopg2.connect(stack.warehouse_url)) as owner, owner.cursor() as cursor:
        for schema, table, column in personal():
            cursor.execute(_READABLE, {"schema": schema, "table": table, "column": column})
            found = cursor.fetchall()
            assert found, f"{schema}.{table}.{column} is not there"
            for role, relation in found:
                readers.setdefault(role, set()).add(relation)
    # Keys are no personal data, and listed here to show that the same few read them.
    keys = {role for role, relations in readers.items() if "registry.api_key" in relations}
    assert keys == {"dealers", "loader", "registry_editor"}
    people = {role: relations - {"registry.api_key"} for role, relations in readers.items()}
    assert {role: {one.split(".")[0] for one in found} for role, found in people.items() if found} == MAY
    for role in ("people_reader", "dealer_people_reader"):
        assert readers[role] == {"restricted.customer"}
