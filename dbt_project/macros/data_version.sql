{#-
    marts.data_version tells readers of the marts when a transform last changed them; what they computed before then is
    out of date. Superset keeps its answers under this version, so a new value drops them all.

    It is a time and not a count: a warehouse that is made anew or put back from a backup never repeats another's version.
    It changes once a run of dbt has ended, also one that failed halfway, for the models before the failure have
    changed. A run that was killed or cancelled has no end: the next one gives a new version when it starts, and
    running_since lets readers see before then that something went wrong.
-#}
{% macro open_data_version() %}
{%- if changes_data() -%}
begin;
select pg_advisory_xact_lock(hashtextextended('data version', 0));
create schema if not exists marts;
create table if not exists marts.data_version (
    only_row boolean primary key default true check (only_row),
    changed_at timestamptz not null default clock_timestamp(),
    running_since timestamptz
);
comment on table marts.data_version is 'When the tables of this schema last changed, one row';
comment on column marts.data_version.changed_at is 'When the last transform ended, failed ones included';
comment on column marts.data_version.running_since is 'When the running transform began; null when none runs';
insert into marts.data_version (running_since) values (now())
on conflict (only_row) do update set
    changed_at = case
        when data_version.running_since is null then data_version.changed_at else clock_timestamp()
    end,
    running_since = excluded.running_since;
commit;
{%- endif -%}
{% endmacro %}


{% macro close_data_version() %}
{%- if execute and changes_data() -%}
    {%- set tried = [] -%}
    {%- for result in results if result.node.resource_type in ('model', 'seed') and result.status != 'skipped' -%}
        {%- do tried.append(result) -%}
    {%- endfor -%}
begin;
update marts.data_version set
    {%- if tried %}
    changed_at = clock_timestamp(),
    {%- endif %}
    running_since = null;
commit;
{%- endif -%}
{% endmacro %}


{#- Tests and listings run these hooks too and change nothing. -#}
{% macro changes_data() %}
    {{ return(flags.WHICH in ('run', 'build', 'seed')) }}
{% endmacro %}
