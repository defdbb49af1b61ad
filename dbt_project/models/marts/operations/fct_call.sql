with committed as (
    select
        document.*,
        main_dealer.time_zone
    from {{ source('raw', 'api_call') }} as document
    inner join {{ source('raw', '_dlt_loads') }} as load
        on document._dlt_load_id = load.load_id and load.status = 0
    inner join {{ ref('main_dealer') }} as main_dealer on document.main_dealer_id = main_dealer.id
)

select
    document.call_id,
    coalesce(document.request_id, document.call_id) as request_id,
    document.main_dealer_id,
    document.dealer_id,
    document.api_key_name,
    document.module,
    {{ job_type('document.module') }} as job_type,
    {{ job_type_label('document.module') }} as job_type_label,
    document.date_from,
    document.date_to,
    document.called_at,
    document.called_at at time zone document.time_zone as called_at_local,
    {{ local_day('document.called_at') }} as called_on,
    document.answered_at,
    document.duration_ms,
    document.attempts,
    document.http_status,
    document.outcome,
    case document.outcome
        when 'records' then 'Records'
        when 'no_data' then 'No data'
        when 'refused' then 'Refused'
        when 'failed' then 'Failed'
    end as outcome_label,
    document.outcome in ('records', 'no_data') as is_success,
    -- Failures that no later call has made up for: these dates still have to be asked for.
    document.outcome not in ('records', 'no_data')
    and (
        select range_agg(daterange(later.date_from, later.date_to, '[]'))
        from committed as later
        where
            later.dealer_id = document.dealer_id
            and later.module = document.module
            and later.called_at > document.called_at
            and later.outcome in ('records', 'no_data')
    ) @> daterange(document.date_from, document.date_to, '[]') is not true as is_open_failure,
    document.reason,
    document.records,
    document.documents,
    document.new_versions,
    document.deleted,
    document.rejected,
    document.answer_bytes,
    document.asked_alone
from committed as document
