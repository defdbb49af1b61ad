select
    line.id,
    hotline_order.id as hotline_order_id,
    line.line_number,
    hotline_order.main_dealer_id,
    hotline_order.dealer_id,
    hotline_order.hotline_order_number,
    hotline_order.ordered_on,
    hotline_order.state,
    hotline_order.is_open,
    line.parts_number as part_number,
    line.kuantitas as quantity,
    line.harga_parts as unit_price,
    line.total_harga_parts as parts_value,
    line.uang_muka as down_payment,
    line.sisa_bayar as remaining
from {{ ref('unpaid_hlo_part') }} as line
inner join {{ ref('unpaid_hlo') }} as document on line.unpaid_hlo_id = document.id
inner join {{ ref('fct_hotline_order') }} as hotline_order
    on document.dealer_id = hotline_order.dealer_id and document.document_key = hotline_order.hotline_order_number
