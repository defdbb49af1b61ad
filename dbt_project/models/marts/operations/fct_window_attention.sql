with failed as (
    select distinct on (dealer_id, module, date_from, date_to)
        main_dealer_id,
        dealer_id,
        module,
        job_type,
        job_type_label,
        'failed' as kind_code,
        'Failed' as kind_label,
        date_from,
        date_to,
        called_at_local as since_local,
        outcome,
        reason
    from {{ ref('fct_call') }}
    where is_open_failure
    order by dealer_id asc, module asc, date_from asc, date_to asc, called_at desc
),

failed_dates as (
    select
        dealer_id,
        module,
        range_agg(daterange(date_from, date_to, '[]')) as dates
    from failed
    group by dealer_id, module
),

-- A call that left on a date did not cover the rest of it.
whole_dates as (
    select
        dealer_id,
        module,
        max(least(date_to, called_on - 1)) as last_whole_date
    from {{ ref('fct_call') }}
    where is_success
    group by dealer_id, module
),

-- As far back as the main dealer still gives documents.
not_fresh as (
    select
        freshness.*,
        greatest(whole_dates.last_whole_date + 1, freshness.as_of_date - document.max_age_days) as date_from
    from {{ ref('agg_freshness') }} as freshness
    left join whole_dates on freshness.dealer_id = whole_dates.dealer_id and freshness.module = whole_dates.module
    left join {{ source('registry', 'main_dealer') }} as document on freshness.main_dealer_id = document.id
    where not freshness.is_fresh
),

late as (
    select
        not_fresh.main_dealer_id,
        not_fresh.dealer_id,
        not_fresh.module,
        not_fresh.job_type,
        not_fresh.job_type_label,
        'late' as kind_code,
        'Late' as kind_label,
        not_fresh.date_from,
        not_fresh.as_of_date as date_to,
        not_fresh.last_success_local as since_local,
        null as outcome,
        coalesce(
            'no successful call since ' || to_char(not_fresh.last_success_local, 'FMDD Mon YYYY HH24:MI'),
            'never fetched'
        ) as reason
    from not_fresh
    left join failed_dates on not_fresh.dealer_id = failed_dates.dealer_id and not_fresh.module = failed_dates.module
    where failed_dates.dates @> daterange(not_fresh.date_from, not_fresh.as_of_date, '[]') is not true
),

windows as (
    select * from failed
    union all
    select * from late
)

select
    windows.*,
    windows.date_from - ({{ local_today() }} - document.max_age_days) as days_left,
    'uv run dealers pull --from ' || to_char(windows.date_from, 'YYYY-MM-DD')
    || ' --to ' || to_char(windows.date_to, 'YYYY-MM-DD')
    || ' --dealer ' || windows.dealer_id || ' --module ' || windows.module as how_to_rerun
from windows
left join {{ source('registry', 'main_dealer') }} as document on windows.main_dealer_id = document.id
