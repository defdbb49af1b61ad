{#-
    The newest version of each document of a module, as JSON, with what raw knows about it.

    - Only committed loads exist: a load that was killed leaves rows behind which no row of _dlt_loads vouches for.
    - The call that left last wins, whatever order the loads arrived in.
    - A condition on dealer_id or document_key reaches the index of the raw table, since both are keys of `distinct on`.
    - Texts are `varchar` in raw and `text` from here on.
    - The JSON is parsed once for each newest version: `offset 0` keeps the planner from repeating it in every column.
-#}
{% macro newest_documents(module) %}
    select
        newest.main_dealer_id::text as main_dealer_id,
        newest.dealer_id::text as dealer_id,
        newest.document_key::text as document_key,
        parsed.document,
        newest.time_zone::text as time_zone,
        newest.is_deleted,
        newest.content_hash::text as content_hash,
        newest.call_id::text as call_id,
        newest.called_at,
        newest.received_at,
        newest._dlt_load_id::text as load_id
    from (
        select distinct on (version.dealer_id, version.document_key) version.*
        from {{ source('raw', module) }} as version
        inner join {{ source('raw', '_dlt_loads') }} as load
            on version._dlt_load_id = load.load_id and load.status = 0
        order by version.dealer_id, version.document_key, version.called_at desc, version.call_id desc
    ) as newest
    cross join lateral (
        select coalesce(newest.document, newest.payload)::jsonb as document
        from (values (1)) as once (row)
        offset 0
    ) as parsed
{% endmacro %}
