"""What schema raw holds beside dlt's tables: indexes, the view of undocumented fields, and the refusal of changes.

Raw is the only copy of what no main dealer gives again after 30 days, and one role owns it: grants cannot keep an owner
from changing what is there, triggers can. The one way in is open to the erasure of personal data and leaves a trace.
"""

import psycopg2

from dlt_sources.dgi.endpoints import ENDPOINTS

# `set local dealer_dashboard.maintenance = 'erase'` opens it for one transaction.
MAINTENANCE_SETTING = "dealer_dashboard.maintenance"
ERASE = "erase"
PROTECTED = (*ENDPOINTS, "api_call", "rejected_record", "_dlt_loads")

_INDEXES_OF_MODULE = """
    create index if not exists {module}_version
        on raw.{module} (dealer_id, document_key, called_at desc, call_id desc);
    create index if not exists {module}_created on raw.{module} (dealer_id, created_time);
    create index if not exists {module}_load on raw.{module} (_dlt_load_id);
"""
_INDEXES = """
    create index if not exists api_call_place on raw.api_call (dealer_id, module, called_at desc);
    create index if not exists api_call_arrived on raw.api_call (dealer_id, module, called_at)
        include (date_from, date_to, outcome, _dlt_load_id) where outcome in ('records', 'no_data');
    create index if not exists api_call_dates on raw.api_call (dealer_id, module, date_from, date_to)
        where outcome in ('records', 'no_data');
    create index if not exists api_call_load on raw.api_call (_dlt_load_id);
    create index if not exists api_call_not_arrived on raw.api_call (called_at)
        where outcome in ('refused', 'failed');
    create index if not exists api_call_undocumented on raw.api_call (called_at)
        where undocumented_fields is not null;
    create index if not exists api_call_asked_alone on raw.api_call (called_at) where asked_alone is not null;
    create index if not exists rejected_record_received on raw.rejected_record (received_at);
    create index if not exists rejected_record_content on raw.rejected_record (content_hash);
    create unique index if not exists dlt_loads_load on raw._dlt_loads (load_id);
"""
# A server that always sends a field of its own does so with every document: it is news once.
_FIELD_DRIFT = """
    create or replace view raw.field_drift as
    select
        call.main_dealer_id,
        call.module,
        field.name as field,
        min(call.called_at) as first_seen,
        max(call.called_at) as last_seen,
        count(*) as calls
    from raw.api_call as call
    join raw._dlt_loads as load on load.load_id = call._dlt_load_id and load.status = 0
    cross join lateral jsonb_array_elements_text(call.undocumented_fields::jsonb) as field (name)
    group by 1, 2, 3;
    comment on view raw.field_drift is
        'Fields that DGI does not document, each once for a main dealer and module; their values are in payload';
"""
_REFUSAL = f"""
    create table if not exists raw.maintenance (
        at timestamptz not null default clock_timestamp(),
        table_name text not null,
        operation text not null,
        role_name text not null default session_user,
        application_name text not null default current_setting('application_name')
    );
    comment on table raw.maintenance is 'Every statement that was let through to change raw, before it ran';
    create or replace function raw.refuse_change() returns trigger language plpgsql as $$
    begin
        if tg_op in ('UPDATE', 'DELETE') and tg_table_name <> 'maintenance'
            and current_setting('{MAINTENANCE_SETTING}', true) = '{ERASE}' then
            insert into raw.maintenance (table_name, operation) values (tg_table_name, tg_op);
            return null;
        end if;
        raise exception 'raw.% is only ever added to: % is refused', tg_table_name, tg_op
            using errcode = 'insufficient_privilege',
                hint = 'What is there cannot be fetched again. To erase personal data see docs/promises.md.';
    end $$;
"""  # noqa: S608 (constants only)
_PROTECTION = """
    create or replace trigger append_only before update or delete or truncate on raw.{table}
        for each statement execute function raw.refuse_change();
"""


def make_beside(cursor: "psycopg2.extensions.cursor") -> None:
    """Make all of it where it is not there yet. The tables themselves must be there."""
    for module in ENDPOINTS:
        cursor.execute(_INDEXES_OF_MODULE.format(module=module))
    cursor.execute(_INDEXES)
    cursor.execute(_FIELD_DRIFT)
    cursor.execute(_REFUSAL)
    for table in (*PROTECTED, "maintenance"):
        cursor.execute(_PROTECTION.format(table=table))
