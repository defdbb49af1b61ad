{#-
    Days of a dealer on which raw, staging and core do not hold the same number of documents, deleted and not deleted
    counted apart. A document without created time counts under no day. Raw is counted here anew, not by the macro that
    staging is made of. Documents of loads that committed within the last hour and have not been taken yet are on their
    way, and count in no layer.
-#}
{% macro reconciliation(module, table) %}
    {{ concerns(table, 'Raw, staging and core hold as many documents of ' ~ module ~ ', per dealer and created day') }}

    with committed as (
        select version.*, load.inserted_at
        from {{ source('raw', module) }} as version
        inner join {{ source('raw', '_dlt_loads') }} as load
            on version._dlt_load_id = load.load_id and load.status = 0
    ),

    on_its_way as (
        select distinct dealer_id, document_key
        from committed
        where
            inserted_at > now() - interval '1 hour'
            and _dlt_load_id not in (select load_id from core.taken_load where model = '{{ table }}')
    ),

    newest as (
        select distinct on (dealer_id, document_key)
            main_dealer_id, dealer_id, document_key, created_time, time_zone, is_deleted
        from committed
        order by dealer_id, document_key, called_at desc, call_id desc
    ),

    documents as (
        select 'raw' as layer, main_dealer_id, dealer_id, document_key, created_time, time_zone, is_deleted
        from newest
        union all
        select 'staging', main_dealer_id, dealer_id, document_key, created_time, time_zone, is_deleted_at_source
        from {{ ref('stg_dgi__' ~ module) }}
        union all
        select 'core', main_dealer_id, dealer_id, document_key, created_time, time_zone, is_deleted_at_source
        from {{ ref(table) }}
    ),

    counted as (
        select
            main_dealer_id,
            dealer_id,
            (created_time at time zone time_zone)::date as created_on,
            is_deleted,
            count(*) filter (where layer = 'raw') as in_raw,
            count(*) filter (where layer = 'staging') as in_staging,
            count(*) filter (where layer = 'core') as in_core
        from documents
        where not exists (
            select from on_its_way
            where on_its_way.dealer_id = documents.dealer_id and on_its_way.document_key = documents.document_key
        )
        group by 1, 2, 3, 4
    )

    select
        main_dealer_id,
        dealer_id,
        format(
            '%s%s: %s in raw, %s in staging, %s in core',
            coalesce(created_on::text, 'no created time'), case when is_deleted then ', deleted' end,
            in_raw, in_staging, in_core
        ) as what,
        greatest(in_raw, in_staging, in_core) - least(in_raw, in_staging, in_core) as count
    from counted
    where in_raw <> in_staging or in_staging <> in_core
{% endmacro %}
