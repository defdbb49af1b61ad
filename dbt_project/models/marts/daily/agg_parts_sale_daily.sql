select
    main_dealer_id,
    dealer_id,
    sold_on,
    part_number,
    is_from_hotline_order,
    sale_origin_label,
    count(*) as part_lines,
    sum(quantity) as parts_sold,
    sum(gross) as gross,
    sum(discount) as discount,
    sum(amount) as amount
from {{ ref('fct_parts_sale_part') }}
group by
    main_dealer_id, dealer_id, sold_on, part_number, is_from_hotline_order, sale_origin_label
