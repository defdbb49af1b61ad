{#-
    Who reads which rows of a mart: Postgres decides it again after Superset has, so that a forgotten rule there shows
    nothing instead of everything. Marts run it once they are made, in the transaction that makes them, so there is no
    moment without it.

    bi_reader sees all dealers. dealer_reader sees the dealers of registry.visible_dealers(), asked once a statement and
    not once a row; of marts that belong to no dealer only those of the variable `open_to_dealers`, and nothing of those
    of `closed_to_dealers`. Without these roles (a database of a test, a server where nobody made them) nobody but the
    owner reads: a mart has no other grants.
-#}
{% macro secure_rows() %}
{%- if execute and this.schema == 'marts' -%}
    {%- set is_view = config.get('materialized') in ('view', 'materialized view') -%}
    {%- set shown = dealers_see(model) %}
    {%- if is_view %}
alter view {{ this }} set (security_invoker = true);
    {%- else %}
alter table {{ this }} enable row level security;
drop policy if exists all_dealers on {{ this }};
drop policy if exists own_dealers on {{ this }};
    {%- endif %}
do $row_security$
begin
    if exists (select from pg_roles where rolname = 'bi_reader') then
        grant select on {{ this }} to bi_reader;
        {%- if not is_view %}
        create policy all_dealers on {{ this }} for select to bi_reader using (true);
        {%- endif %}
    end if;
    {%- if shown != 'nothing' %}
    if
        exists (select from pg_roles where rolname = 'dealer_reader')
        and to_regprocedure('registry.visible_dealers()') is not null
    then
        grant select on {{ this }} to dealer_reader;
        {%- if not is_view %}
        create policy own_dealers on {{ this }} for select to dealer_reader
        using ({{ 'true' if shown == 'all' else 'dealer_id = any ((select registry.visible_dealers())::text [])' }});
        {%- endif %}
    end if;
    {%- endif %}
end
$row_security$;
{%- endif -%}
{% endmacro %}


{#- Which rows of a mart dealer_reader may see: its `own`, `all` or `nothing`. -#}
{% macro dealers_see(mart) %}
    {%- if mart.name in var('closed_to_dealers') -%}{{ return('nothing') }}{%- endif -%}
    {%- if 'dealer_id' in mart.columns -%}{{ return('own') }}{%- endif -%}
    {{ return('all' if mart.name in var('open_to_dealers') else 'nothing') }}
{% endmacro %}


{#-
    Who reads customers unmasked: people_reader those of all dealers, and dealer_people_reader, which it is from its login
    on unless it says otherwise, those of registry.visible_dealers(). Nothing else of schema restricted is read by
    anybody but the transformer and the owner.
-#}
{% macro secure_people() %}
alter table {{ this }} enable row level security;
do $row_security$
begin
    if
        exists (select from pg_roles where rolname = 'people_reader')
        and to_regprocedure('registry.visible_dealers()') is not null
    then
        grant usage on schema {{ this.schema }} to people_reader, dealer_people_reader;
        grant select on {{ this }} to people_reader, dealer_people_reader;
        create policy all_dealers on {{ this }} for select to people_reader using (true);
        create policy own_dealers on {{ this }} for select to dealer_people_reader
        using (dealer_id = any ((select registry.visible_dealers())::text []));
    end if;
end
$row_security$;
{% endmacro %}
