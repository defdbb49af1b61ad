select
    main_dealer_id,
    dealer_id,
    received_on,
    status_code,
    status_label,
    unit_type,
    colour,
    ready_for_sale_code,
    ready_for_sale_label,
    sum(units_sent) as units_sent,
    sum(units_received) as units_received,
    sum(units_short) as units_short,
    sum(units_not_ready) as units_not_ready
from {{ ref('fct_unit_inbound_unit') }}
group by
    main_dealer_id, dealer_id, received_on, status_code, status_label, unit_type, colour, ready_for_sale_code,
    ready_for_sale_label
