select
    fct_call.main_dealer_id,
    fct_call.dealer_id,
    fct_call.api_key_name,
    fct_call.called_on,
    sum(fct_call.attempts) as requests,
    min(api_key.daily_quota) as daily_quota,
    sum(fct_call.attempts) / nullif(min(api_key.daily_quota), 0) as quota_used,
    min(api_key.daily_quota)::numeric
    / count(*) over (partition by fct_call.main_dealer_id, fct_call.api_key_name, fct_call.called_on) as quota_portion
from {{ ref('fct_call') }} as fct_call
left join {{ source('registry', 'api_key') }} as api_key
    on fct_call.main_dealer_id = api_key.main_dealer_id and fct_call.api_key_name = api_key.name
group by fct_call.main_dealer_id, fct_call.dealer_id, fct_call.api_key_name, fct_call.called_on
