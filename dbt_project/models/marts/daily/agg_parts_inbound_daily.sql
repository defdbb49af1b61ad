select
    main_dealer_id,
    dealer_id,
    received_on,
    order_type_code,
    order_type_label,
    warehouse,
    part_number,
    count(distinct parts_inbound_id) as parts_receipts,
    count(*) as parts_receipt_lines,
    sum(quantity) as parts_received
from {{ ref('fct_parts_inbound_item') }}
group by
    main_dealer_id, dealer_id, received_on, order_type_code, order_type_label, warehouse, part_number
