with committed as (
    select
        document.*,
        main_dealer.time_zone
    from {{ source('raw', 'api_call') }} as document
    inner join {{ source('raw', '_dlt_loads') }} as load
        on document._dlt_load_id = load.load_id and load.status = 0
    inner join {{ ref('main_dealer') }} as main_dealer on document.main_dealer_id = main_dealer.id
),

-- What later calls have got of each failure's dates. Joined by dealer and module: looking through all calls for each
-- failure takes an hour when a main dealer was away for a day.
got_later as (
    select
        failure.call_id,
        range_agg(daterange(later.date_from, later.date_to, '[]')) as dates
    from committed as failure
    inner join committed as later
        on
            failure.dealer_id = later.dealer_id
            and failure.module = later.module
            and failure.called_at < later.called_at
            and failure.date_from <= later.date_to
            and failure.date_to >= later.date_from
    where
        failure.outcome not in ('records', 'no_data')
        and later.outcome in ('records', 'no_data')
    group by failure.call_id
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
    and got_later.dates @> daterange(document.date_from, document.date_to, '[]') is not true as is_open_failure,
    document.reason,
    document.records,
    document.documents,
    document.new_versions,
    document.deleted,
    document.rejected,
    document.answer_bytes,
    document.asked_alone
from committed as document
left join got_later on document.call_id = got_later.call_id
