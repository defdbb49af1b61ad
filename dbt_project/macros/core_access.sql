{#-
    What readers of schema core need beside its tables, seen to at the end of every run; where all is there that is one
    look into Postgres' catalogue.

    - Indexes, as `config.meta` of the models has them now: those of `indexes` (the table had them when it was made), and a
      trigram index over the columns of `search`, which finds a text anywhere in them. Others of ours are dropped. New rows
      wait in the index's list of pending ones and are put in their places together (core_settle_search): of 20,000 rows
      that takes 2 s in place of 5, most of it when the marts are there already.
    - api_reader reads the documents and their lines of all dealers; api_dealer_reader sees those of
      registry.visible_dealers() alone, asked once a statement and not once a row. A table is opened to them together with
      its row security, so there is no moment without it. Roles that are not there are passed over.
-#}
{% macro core_access() %}
{%- if execute and changes_data() -%}
    {%- set tables, indexes = [], [] -%}
    {%- for node in graph.nodes.values()
        if node.resource_type == 'model' and node.schema == 'core' and node.config.meta.module -%}
        {%- do tables.append("'" ~ node.name ~ "'") -%}
        {%- for columns in node.config.meta.indexes or [] -%}
            {%- do indexes.append("('" ~ node.name ~ "', '" ~ core_index_name(node.name, columns) ~ "', '(" ~ columns ~ ")')") -%}
        {%- endfor -%}
        {%- if node.config.meta.search -%}
            {%- set searched = node.config.meta.search | join(' %1$s.gin_trgm_ops, ') ~ ' %1$s.gin_trgm_ops' -%}
            {%- set pending = "with (" ~ core_pending_option() ~ ")" -%}
            {%- do indexes.append("('" ~ node.name ~ "', '" ~ node.name ~ "__search', 'using gin (" ~ searched ~ ") " ~ pending ~ "')") -%}
        {%- endif -%}
    {%- endfor -%}
begin;
select pg_advisory_xact_lock(hashtextextended('core access', 0));
do $core_access$
declare
    missing text;
    trigrams text;
begin
    if not exists (select from pg_extension where extname = 'pg_trgm') then
        create extension pg_trgm schema public;
    end if;
    select quote_ident(nspname) into trigrams
    from pg_extension inner join pg_namespace on pg_namespace.oid = extnamespace
    where extname = 'pg_trgm';

    for missing in
        with
        present as (
            select oid, relname, relrowsecurity from pg_class
            where relnamespace = 'core'::regnamespace and relkind = 'r' and relname in ({{ tables | join(', ') }})
        ),
        wanted (table_name, index_name, definition) as (
            values
                {{ indexes | join(',\n                ') }}
        ),
        ours as (
            select present.relname as table_name, index.relname as index_name, index.reloptions
            from pg_index
            inner join present on present.oid = indrelid
            inner join pg_class as index on index.oid = indexrelid
        ),
        readers (role, policy, condition) as (
            values
                ('api_reader', 'all_dealers', 'true'),
                ('api_dealer_reader', 'own_dealers', 'dealer_id = any ((select registry.visible_dealers())::text [])')
        ),
        grantees as (
            select readers.*, present.oid, present.relname
            from readers
            inner join pg_roles on rolname = role
            cross join present
            where role = 'api_reader' or to_regprocedure('registry.visible_dealers()') is not null
        ),
        needed (step, statement) as (
            select 1, format('drop index core.%I', index_name) from ours
            where
                starts_with(index_name, table_name || '__')
                and (table_name, index_name) not in (select wanted.table_name, wanted.index_name from wanted)
            union all
            select 2, format('create index %I on core.%I ', index_name, table_name) || format(definition, trigrams)
            from wanted
            where
                (table_name, index_name) not in (select ours.table_name, ours.index_name from ours)
                and table_name in (select relname from present)
            union all
            select 3, format('alter index core.%I set ({{ core_pending_option() }})', index_name) from ours
            where index_name = table_name || '__search' and not '{{ core_pending_option() }}' = any (coalesce(reloptions, '{}'))
            union all
            select 3, format('alter table core.%I enable row level security', relname) from present
            where not relrowsecurity
            union all
            select 4, format('create policy %I on core.%I for select to %I using (%s)', policy, relname, role, condition)
            from grantees
            where not exists (select from pg_policy where polrelid = grantees.oid and polname = grantees.policy)
            union all
            select 5, format('grant select on core.%I to %I', relname, role) from grantees
            where not has_table_privilege(role, grantees.oid, 'select')
            union all
            select 6, format('grant usage on schema core to %I', role) from (select distinct role from grantees) as roles
            where not has_schema_privilege(role, 'core', 'usage')
        )
        select statement from needed order by step
    loop
        execute missing;
    end loop;
end
$core_access$;
commit;
{%- endif -%}
{% endmacro %}


{#- An index is known by its columns. -#}
{% macro core_index_name(table_name, columns) -%}
    {{ table_name }}__{{ columns | replace(', ', '__') }}
{%- endmacro %}


{#- In kB: so much may wait before whoever adds the next row has to put all in their places. -#}
{% macro core_pending_option() %}
    {{- return('gin_pending_list_limit=65536') -}}
{% endmacro %}


{#- Puts the new rows in their places in the indexes of `search`, last of all: until then each search reads through them. -#}
{% macro core_settle_search() %}
{%- if execute and changes_data() -%}
    {%- for result in results if result.node.resource_type == 'model' and result.node.config.meta.search %}
select gin_clean_pending_list(to_regclass('core.{{ result.node.name }}__search'));
    {%- endfor -%}
{%- endif -%}
{% endmacro %}
