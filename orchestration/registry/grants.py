"""What each role may do with the registry, granted anew by every migration since tables come with those.

A role that is not there is passed over: a database of a test, or a server where nobody made them.
"""

from collections.abc import Mapping

from sqlalchemy import Connection, text

# They ask whose rows may be shown, and see no table.
_ASKS_WHO_SEES_WHAT = ("usage on schema registry", "execute on function registry.visible_dealers()")

GRANTS: Mapping[str, tuple[str, ...]] = {
    "api_reader": _ASKS_WHO_SEES_WHAT,
    "api_dealer_reader": _ASKS_WHO_SEES_WHAT,
}


def grant(connection: Connection) -> None:
    """Grant what is there to the roles that are there."""
    roles = set(connection.scalars(text("select rolname from pg_roles")))
    for role, rights in GRANTS.items():
        if role in roles:
            for right in rights:
                connection.execute(text(f"grant {right} to {role}"))
