select
    main_dealer_id,
    dealer_id,
    visited_on,
    job,
    job_name,
    job_category,
    count(*) as job_visits,
    sum(amount) as job_value
from {{ ref('fct_work_order_service') }}
where is_visit
group by
    main_dealer_id, dealer_id, visited_on, job, job_name, job_category
