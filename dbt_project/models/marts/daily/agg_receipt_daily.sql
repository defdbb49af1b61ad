select
    main_dealer_id,
    dealer_id,
    received_on,
    payment_type_code,
    payment_type_label,
    method_code,
    method_label,
    status_code,
    status_label,
    count(*) as receipts,
    sum(amount) as receipt_amount,
    count(*) filter (where not is_closed) as receipts_not_closed
from {{ ref('fct_receipt') }}
group by
    main_dealer_id, dealer_id, received_on, payment_type_code, payment_type_label, method_code, method_label,
    status_code, status_label
