{#-
    Holds a table of schema core to its contract (the yml beside the model): makes the table with its constraints and
    indexes, or adds and drops columns of the one that is there. It is not dropped: its lines' foreign keys would go with
    it. A column of another type is dropped and added; the refill that follows gives it its values. Constraints are made
    with the table and then stay. A table that is made is committed empty.
-#}
{% macro core_make_or_alter(target, sql) %}
    {%- call statement('contract') -%}
        {{ core_contract_tables(sql) }}
    {%- endcall -%}
    {%- set wrong = core_value(core_differences('contracted', 'selected')) -%}
    {%- if wrong is not none -%}
        {%- do exceptions.raise_compiler_error(
            target.identifier ~ " does not keep its contract (column: contracted, selected): " ~ wrong
        ) -%}
    {%- endif -%}

    {%- set is_new = core_value("select to_regclass('" ~ target.include(database=false) ~ "') is null") -%}
    {%- if is_new -%}
        {%- call statement('create') -%}
            create table {{ target }} {{ get_table_columns_and_constraints() }}
        {%- endcall -%}
    {%- else -%}
        {%- set changes = core_value(core_column_changes(target)) -%}
        {%- if changes is not none -%}
            {%- call statement('alter') -%}
                alter table {{ target }} {{ changes }}
            {%- endcall -%}
        {%- endif -%}
    {%- endif -%}

    {%- for columns in model.config.meta.indexes or [] %}
        {%- call statement('index') -%}
            create index if not exists {{ core_index_name(target.identifier, columns) }}
            on {{ target }} ({{ columns }})
        {%- endcall -%}
    {%- endfor %}
    {%- do persist_docs(target, model) -%}
    {%- if is_new -%}
        {#- Until then nobody else can make a table that points to what this one points to. -#}
        {%- call statement('commit') -%}
            commit;
            begin;
            {{ core_lock(target.identifier) }}
        {%- endcall -%}
    {%- endif -%}
{% endmacro %}


{#- Empty tables with the columns that the contract names and those that the query gives. -#}
{% macro core_contract_tables(sql) %}
    create temporary table contracted (
        {%- for column in model.columns.values() %}
        {{ column.name }} {{ column.data_type }}{{ ',' if not loop.last }}
        {%- endfor %}
    ) on commit drop;
    create temporary table selected on commit drop as
    select * from (
        {{ sql }}
    ) as model
    limit 0
{% endmacro %}


{% macro core_columns_of(relation) -%}
    select attname as name, format_type(atttypid, atttypmod) as type
    from pg_attribute
    where attrelid = '{{ relation }}'::regclass and attnum > 0 and not attisdropped
{%- endmacro %}


{% macro core_differences(one, other) %}
    select string_agg(format('%s: %s, %s', name, coalesce(a.type, 'none'), coalesce(b.type, 'none')), '; ')
    from ({{ core_columns_of(one) }}) as a
    full join ({{ core_columns_of(other) }}) as b using (name)
    where a.type is distinct from b.type
{% endmacro %}


{#- What `alter table` has to do, or null. -#}
{% macro core_column_changes(target) %}
    select string_agg(change, ', ' order by change desc)
    from ({{ core_columns_of('contracted') }}) as wanted
    full join ({{ core_columns_of(target.include(database=false)) }}) as present using (name)
    cross join lateral (
        values
            (case when present.type is not null then format('drop column %I', name) end),
            (case when wanted.type is not null then format('add column %I %s', name, wanted.type) end)
    ) as needed (change)
    where wanted.type is distinct from present.type and change is not null
{% endmacro %}
