select
    main_dealer_id,
    dealer_id,
    visited_on,
    status_code,
    status_label,
    origin_code,
    origin_label,
    bay_type_code,
    bay_type_label,
    mechanic,
    count(*) filter (where is_visit) as visits,
    count(*) filter (where is_finished) as finished_visits,
    count(*) filter (where is_finished and is_job_return) as job_returns,
    sum(total_amount) filter (where is_finished) as finished_amount,
    sum(flat_rate_hours) filter (where is_finished and worked_hours is not null) as flat_rate_hours,
    sum(worked_hours) filter (where is_finished and flat_rate_hours is not null) as worked_hours
from {{ ref('fct_work_order') }}
group by
    main_dealer_id, dealer_id, visited_on, status_code, status_label, origin_code, origin_label,
    bay_type_code, bay_type_label, mechanic
