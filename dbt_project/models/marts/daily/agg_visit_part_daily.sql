select
    main_dealer_id,
    dealer_id,
    visited_on,
    part_number,
    count(*) as part_lines,
    sum(quantity) as visit_part_quantity,
    sum(amount) as amount
from {{ ref('fct_work_order_part') }}
where is_visit
group by
    main_dealer_id, dealer_id, visited_on, part_number
