"""What each role may do with the registry and with raw, granted anew by every migration since tables come with those.

A role that is not there is passed over: a database of a test, or a server where the owner does everybody's work.
"""

from collections.abc import Mapping

from sqlalchemy import Connection, text

# They ask whose rows may be shown, and see no table.
_ASKS_WHO_SEES_WHAT = ("usage on schema registry", "execute on function registry.visible_dealers()")
# Everything of a key but itself: names and quotas are in the marts.
_KEY_WITHOUT_SECRET = "id, main_dealer_id, name, daily_quota, is_enabled, created_at"  # noqa: S105
# When what was last changed: what failed before that may be asked for again.
_CHANGE_NUMBERS = "id, changed_at, entity, entity_id"
# What the calls came to, for the health page: of what they brought, nothing.
_CALLS = "dealer_id, module, outcome, called_at, window_to, _dlt_load_id, request_id, attempts"
# Added to and never changed, for raw is the only copy of what cannot be fetched again.
_READ_RAW = "select on all tables in schema raw"
_ADD_TO_RAW = "select, insert on all tables in schema raw"

GRANTS: Mapping[str, tuple[str, ...]] = {
    "loader": (
        "usage on schema registry",
        "select on registry.main_dealer, registry.api_key, registry.dealer, registry.fetch_schedule",
        f"select ({_CHANGE_NUMBERS}) on registry.change",
        "select on registry.erasure, registry.erased_document, registry.erasure_secret",
        "select, insert, update on registry.key_usage",
        # The alerts look through what was loaded, and keep what they find as incidents.
        "select, insert, update on registry.incident",
        "select, insert, update, delete on registry.alert_message",
        "usage on sequence registry.incident_id_seq, registry.alert_message_id_seq",
        "usage on schema raw",
        _ADD_TO_RAW,
    ),
    "transformer": (
        "usage on schema registry",
        "select on registry.main_dealer, registry.dealer",
        f"select ({_KEY_WITHOUT_SECRET}) on registry.api_key",
        "select (id) on registry.change",
        "usage on schema raw",
        _READ_RAW,
    ),
    "registry_editor": (
        "usage on schema registry",
        "select, insert, update on registry.main_dealer, registry.api_key, registry.dealer, registry.fetch_schedule",
        "select, insert, delete on registry.user_dealer",
        "select, insert on registry.change",
        "usage on sequence registry.api_key_id_seq, registry.fetch_schedule_id_seq, registry.change_id_seq",
        "select, insert, update on registry.key_usage",  # a test of a connection counts like any call
        "select on registry.incident, registry.alert_message",
        "usage on schema raw",
        f"select ({_CALLS}) on raw.api_call",
        "select (load_id, status) on raw._dlt_loads",
    ),
    "dealer_reader": _ASKS_WHO_SEES_WHAT,
    "people_reader": _ASKS_WHO_SEES_WHAT,
    "dealer_people_reader": _ASKS_WHO_SEES_WHAT,
    "api_reader": _ASKS_WHO_SEES_WHAT,
    "api_dealer_reader": _ASKS_WHO_SEES_WHAT,
}


def grant(connection: Connection) -> None:
    """Grant what is there to the roles that are there; what a role has besides in these schemas is taken from it."""
    roles = set(connection.scalars(text("select rolname from pg_roles")))
    for role, rights in GRANTS.items():
        if role in roles:
            for schema in ("registry", "raw"):
                for kind in ("tables", "sequences"):
                    connection.execute(text(f"revoke all on all {kind} in schema {schema} from {role}"))
            for right in rights:
                connection.execute(text(f"grant {right} to {role}"))
