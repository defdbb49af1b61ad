select
    main_dealer_id,
    dealer_id,
    ordered_on,
    status_code,
    status_label,
    unit_type,
    payment_type_code,
    payment_type_label,
    sales_person,
    count(distinct order_id) as orders,
    sum(units) filter (where not is_cancelled) as ordered_units,
    sum(order_value) filter (where not is_cancelled) as order_value,
    sum(discount) filter (where not is_cancelled) as order_discount
from {{ ref('fct_order_unit') }}
group by
    main_dealer_id, dealer_id, ordered_on, status_code, status_label, unit_type, payment_type_code,
    payment_type_label, sales_person
