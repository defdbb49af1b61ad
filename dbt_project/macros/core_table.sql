{#-
    Keeps a table of schema core in step with what has been loaded: materialized='core_table'.

    A model is one plain query over all documents; this restricts it to those that changed. What changed is told by
    loads, not by clocks: core.taken_load names the loads that a table has taken, in the transaction that took them, so
    it does not matter in which order loads commit. Runs that meet wait for each other, table by table.

    Settings, under `meta`:
    - module: the DGI module whose documents the table holds. A document table takes the committed loads, except those
      with documents of a dealer that core.dealer does not have yet.
    - document: for a table of lines, the document table it belongs to. It takes the loads that one has taken.
    - neither: a copy of registry rows, brought up to date every time and never deleted from.

    Rows are written only where they differ. A full refresh computes every row anew and writes, in one transaction, what
    differs: the table, its foreign keys and its readers stay. The same happens by itself when the query, the contract,
    the staging view below, the typing functions or the labels have changed since the table was last filled so.
-#}
{% materialization core_table, adapter='postgres' %}
    {%- set target = this.incorporate(type='table') -%}
    {%- set about = model.config.meta -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- call statement('lock') -%}
        {{ core_lock(this.identifier) }}
    {%- endcall -%}

    {%- set definition = core_definition(sql, about) -%}
    {%- set is_as_defined = core_value(
        "select exists (select from core.taken_definition where model = '" ~ this.identifier
        ~ "' and definition = '" ~ definition ~ "') and to_regclass('core." ~ this.identifier ~ "') is not null"
    ) -%}
    {%- if not is_as_defined -%}
        {%- do core_make_or_alter(target, sql) -%}
    {%- endif -%}

    {%- set is_refill = should_full_refresh() or not is_as_defined or not about.module -%}
    {%- set loads = core_pending_loads(this.identifier, about, is_refill) if about.module else none -%}

    {%- if loads is none and not is_refill -%}
        {%- do store_raw_result(name='main', message='NOTHING NEW', code='NOTHING NEW', rows_affected='0') -%}
    {%- else -%}
        {%- call statement('new_rows') -%}
            {{ core_new_rows(sql, about.module, none if is_refill else loads) }}
            {{ core_shorten_indexed() }}
        {%- endcall -%}
        {%- if about.module -%}
            {%- call statement('gone_rows') -%}
                {{ core_delete_gone_rows(target, about, is_refill) }}
            {%- endcall -%}
        {%- endif -%}
        {%- call statement('main') -%}
            {{ core_upsert(target) }}
        {%- endcall -%}
        {%- call statement('record') -%}
            {{ core_record(this.identifier, definition, loads, is_refill) }}
        {%- endcall -%}
        {%- if is_refill and about.module -%}
            {%- call statement('analyze') -%}
                analyze {{ target }}
            {%- endcall -%}
        {%- endif -%}
    {%- endif -%}

    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {%- do adapter.commit() -%}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}


{#- One transform at a time works on a table, until its transaction ends. -#}
{% macro core_lock(table_name) -%}
    select pg_advisory_xact_lock(hashtextextended('core.{{ table_name }}', 0))
{%- endmacro %}


{#- What the tables have taken; made before the first of them. -#}
{% macro create_core_ledger() %}
begin;
select pg_advisory_xact_lock(hashtextextended('core ledger', 0));
create schema if not exists core;
create table if not exists core.taken_load (
    model text not null,
    load_id text not null,
    taken_at timestamptz not null default now(),
    primary key (model, load_id)
);
create table if not exists core.taken_definition (
    model text primary key,
    definition text not null,
    taken_at timestamptz not null default now()
);
comment on table core.taken_load is 'The loads of raw whose documents a table of this schema has taken';
comment on table core.taken_definition is 'Fingerprint of the definition that a table of this schema is filled by';
commit;
{% endmacro %}


{#- The one value that a query gives. -#}
{% macro core_value(query) %}
    {{ return(run_query(query).columns[0].values()[0]) }}
{% endmacro %}


{#- A fingerprint of all that decides what rows a table has for given documents; of lines, their documents' too. -#}
{% macro core_definition(sql, about) %}
    {%- set columns = [] -%}
    {%- for column in model.columns.values() -%}
        {%- do columns.append(column.name ~ ' ' ~ column.data_type) -%}
    {%- endfor -%}
    {%- set written = local_md5(sql ~ columns | join(',') ~ create_typing_functions()) -%}
    {%- set parts = ["'" ~ written ~ "'"] -%}
    {%- if about.module -%}
        {%- do parts.append("pg_get_viewdef('staging.stg_dgi__" ~ about.module ~ "'::regclass)") -%}
    {%- endif -%}
    {%- if about.document -%}
        {%- do parts.append("(select definition from core.taken_definition where model = '" ~ about.document ~ "')") -%}
    {%- endif -%}
    {%- if 'seed.dealer_dashboard.code_label' in model.depends_on.nodes -%}
        {%- do parts.append("(select string_agg(label::text, ',' order by label::text) from core.code_label as label)") -%}
    {%- endif -%}
    {{ return(core_value("select md5(concat_ws('|', " ~ parts | join(', ') ~ "))")) }}
{% endmacro %}


{#-
    The loads to take, as a list of SQL literals, or null; a load without documents of the module is taken too, so that
    nobody looks for them again. Literals and not a subquery: the planner then sees that the newest loads are few rows
    and reaches them by the index, however large the store.
-#}
{% macro core_pending_loads(table_name, about, is_refill) %}
    {%- set loads = core_value(core_loads_not_taken(table_name, about.document, is_refill)) -%}
    {%- if loads is none or about.document -%}
        {{ return(loads) }}
    {%- endif -%}
    {{ return(core_value(core_loads_of_known_dealers(loads, about.module))) }}
{% endmacro %}


{% macro core_loads_not_taken(table_name, document, is_refill) %}
    select string_agg(quote_literal(load_id), ', ' order by load_id)
    from (
        {%- if document %}
        select load_id from core.taken_load where model = '{{ document }}'
        {%- else %}
        select load_id from raw._dlt_loads where status = 0
        {%- endif %}
        {%- if not is_refill %}
        except
        select load_id from core.taken_load where model = '{{ table_name }}'
        {%- endif %}
    ) as pending
{% endmacro %}


{% macro core_loads_of_known_dealers(loads, module) %}
    select string_agg(quote_literal(load_id), ', ' order by load_id)
    from unnest(array[{{ loads }}]) as load_id
    where load_id not in (
        select _dlt_load_id from raw.{{ module }}
        where _dlt_load_id in ({{ loads }}) and dealer_id not in (select id from core.dealer)
    )
{% endmacro %}


{#- The rows as they should be: of the documents in the loads, or of all when there is no list of loads. -#}
{% macro core_new_rows(sql, module, loads) %}
    {%- if loads is none %}
    create temporary table new_row on commit drop as
    select * from (
        {{ sql }}
    ) as model;
    {%- else %}
    create temporary table changed on commit drop as
    select distinct dealer_id, document_key from raw.{{ module }} where _dlt_load_id in ({{ loads }});
    analyze changed;

    -- `offset 0` makes this one look-up for each document, whatever the planner thinks of their number.
    create temporary table new_row on commit drop as
    select one_document.*
    from changed
    cross join lateral (
        select * from (
            {{ sql }}
        ) as model
        where model.dealer_id = changed.dealer_id and model.document_key = changed.document_key
        offset 0
    ) as one_document;
    {%- endif %}
    -- All that is asked of it is which ids it has.
    analyze new_row (id);
{% endmacro %}


{#-
    An index holds no more than 2,704 bytes a row, and the value that is longer would stop the table for all dealers.
    DGI's longest id has 50 characters: of a longer one than 500 the start must do here; staging and raw have the whole.
-#}
{% macro core_shorten_indexed() %}
    {%- set texts = [] -%}
    {%- for columns in model.config.meta.indexes or [] -%}
        {%- for name in columns.split(', ') if model.columns[name].data_type == 'text' and name not in texts -%}
            {%- do texts.append(name) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- if texts %}
    update new_row set
        {%- for name in texts %}
        {{ name }} = left({{ name }}, 500){{ ',' if not loop.last }}
        {%- endfor %}
    where greatest(length({{ texts | join('), length(') }})) > 500;
    {%- endif %}
{% endmacro %}


{#- Lines that are no longer there, and documents that the query no longer gives (a dealer moved to another main
    dealer). An update of a document leaves its lines alone; deleting it would take them along. -#}
{% macro core_delete_gone_rows(target, about, is_refill) %}
    delete from {{ target }} as present
    {%- if is_refill %}
    where
    {%- elif about.document %}
    using changed
    inner join core.{{ about.document }} as document using (dealer_id, document_key)
    where
        present.{{ about.document }}_id = document.id and
    {%- else %}
    using changed
    where
        present.dealer_id = changed.dealer_id and present.document_key = changed.document_key and
    {%- endif %}
        not exists (select from new_row where new_row.id = present.id)
{% endmacro %}


{% macro core_upsert(target) %}
    {%- set columns = model.columns.keys() | list -%}
    insert into {{ target }} as present ({{ columns | join(', ') }})
    select {{ columns | join(', ') }} from new_row
    on conflict (id) do update set
        {%- for column in columns if column != 'id' %}
        {{ column }} = excluded.{{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    where (present.{{ columns | join(', present.') }}) is distinct from (excluded.{{ columns | join(', excluded.') }})
{% endmacro %}


{% macro core_record(table_name, definition, loads, is_refill) %}
    {%- if is_refill %}
    delete from core.taken_load where model = '{{ table_name }}';
    insert into core.taken_definition (model, definition) values ('{{ table_name }}', '{{ definition }}')
    on conflict (model) do update set definition = excluded.definition, taken_at = excluded.taken_at
    where taken_definition.definition <> excluded.definition;
    {%- endif %}
    {%- if loads is not none %}
    insert into core.taken_load (model, load_id)
    select '{{ table_name }}', load_id from unnest(array[{{ loads }}]) as load_id;
    {%- endif %}
{% endmacro %}
