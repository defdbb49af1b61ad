select
    line.id,
    deposit.id as deposit_id,
    line.line_number,
    deposit.main_dealer_id,
    deposit.dealer_id,
    deposit.deposit_number,
    deposit.hotline_order_number,
    deposit.deposited_on,
    deposit.is_newest_of_order,
    line.parts_number as part_number,
    line.kuantitas as quantity,
    line.harga_parts as unit_price,
    line.total_harga_parts as parts_value,
    line.uang_muka as down_payment,
    line.sisa_bayar as remaining
from {{ ref('dp_hlo_part') }} as line
inner join {{ ref('fct_deposit') }} as deposit on line.dp_hlo_id = deposit.id
