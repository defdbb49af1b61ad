"""What arrives but is not as it should be: more records than usual that cannot be used, fields that are new."""

import json

import psycopg2

from orchestration.alerts.finding import Finding, Kind

# So many rejected records a day are worth a message, when they are so many times those of a day of the week before.
_MANY, _TIMES = 10, 3
_REJECTED = """
    select
        rejected.main_dealer_id,
        count(*) filter (where rejected.received_at > now() - interval '1 day') as today,
        count(*) filter (where rejected.received_at <= now() - interval '1 day') / 7.0 as a_day,
        array_agg(distinct rejected.dealer_id) filter (where rejected.received_at > now() - interval '1 day'),
        array_agg(distinct rejected.module) filter (where rejected.received_at > now() - interval '1 day'),
        min(rejected.received_at) filter (where rejected.received_at > now() - interval '1 day')
    from raw.rejected_record as rejected
    join raw._dlt_loads as load on load.load_id = rejected._dlt_load_id and load.status = 0
    where rejected.received_at > now() - interval '8 days'
    group by rejected.main_dealer_id
"""
_UNDOCUMENTED = """
    select distinct call.main_dealer_id, call.module, call.undocumented_fields
    from raw.api_call as call
    join raw._dlt_loads as load on load.load_id = call._dlt_load_id and load.status = 0
    where call.undocumented_fields is not null and call.called_at > now() - interval '26 hours'
"""
_TOLD = "select main_dealer_id, details -> 'fields' from registry.incident where kind = 'drift'"


def rejected(connection: "psycopg2.extensions.connection") -> list[Finding]:
    """Main dealers of which many more records than usual could not be used in the last 24 hours."""
    with connection.cursor() as cursor:
        cursor.execute(_REJECTED)
        rows = cursor.fetchall()
    return [
        Finding(
            kind=Kind.REJECTED,
            cause=main_dealer_id,
            title="more records than usual cannot be used",
            error=f"{today:,} records of the last 24 hours were rejected, {a_day:.1f} a day in the week before",
            remedy="raw.rejected_record has them whole with the reason, and the dashboard Data Operations lists them. "
            "Add dealers that are not registered, or tell the main dealer's IT what is wrong. Records that can be "
            "used later are fetched again by a pull of their dates.",
            since=since,
            main_dealer_id=main_dealer_id,
            dealers=tuple(sorted(dealers)),
            modules=tuple(sorted(modules)),
        )
        for main_dealer_id, today, a_day, dealers, modules, since in rows
        if today >= _MANY and today > _TIMES * a_day
    ]


def drift(connection: "psycopg2.extensions.connection") -> list[Finding]:
    """Fields that DGI does not know, of each main dealer and module, that no earlier notice has named."""
    with connection.cursor() as cursor:
        cursor.execute(_UNDOCUMENTED)
        seen: dict[str, set[str]] = {}
        modules: dict[str, set[str]] = {}
        for main_dealer_id, module, fields in cursor.fetchall():
            for name in json.loads(fields):
                seen.setdefault(main_dealer_id, set()).add(f"{module}.{_tame(name)}")
        cursor.execute(_TOLD)
        for main_dealer_id, told in cursor.fetchall():
            seen.get(main_dealer_id, set()).difference_update(told or ())
    for main_dealer_id, fields in seen.items():
        modules[main_dealer_id] = {field.partition(".")[0] for field in fields}
    return [
        Finding(
            kind=Kind.DRIFT,
            cause=main_dealer_id,
            title="new fields that DGI does not know",
            error=f"for the first time: {', '.join(sorted(fields)[:_MANY])}"
            + (f" and {len(fields) - _MANY} more" if len(fields) > _MANY else ""),
            remedy="Nothing is lost: they are kept in raw as they came. When they are of use, add them to the model.",
            is_notice=True,
            main_dealer_id=main_dealer_id,
            modules=tuple(sorted(modules[main_dealer_id])),
            fields=tuple(sorted(fields)),
        )
        for main_dealer_id, fields in seen.items()
        if fields
    ]


def _tame(name: str) -> str:
    """A field's name for a message: what is no name, a value in a key's place for one, is not sent to anybody."""
    return name if name.replace(".", "").replace("_", "").isalnum() and not any(c.isdigit() for c in name) else "(odd)"
