select
    document.id,
    document.main_dealer_id,
    document.dealer_id,
    document.id_invoice as receipt_number,
    document.id_spk as order_number,
    {{ created_day() }} as received_on,
    customer.customer_key,
    {{ initials('spk.nama_customer') }} as customer_initials,
    document.tipe_pembayaran as payment_type_code,
    document.tipe_pembayaran_label as payment_type_label,
    document.cara_bayar as method_code,
    document.cara_bayar_label as method_label,
    document.status as status_code,
    document.status_label,
    document.amount,
    {{ is_status('document.tipe_pembayaran', 'cash') }} as is_cash_sale,
    {{ is_status('document.status', 'closed') }} as is_closed,
    spk.id is not null as has_order,
    document.created_time as created_at,
    document.modified_time as modified_at,
    {{ local_today() }} as as_of_date
from {{ ref('billing') }} as document
left join {{ ref('spk') }} as spk
    on document.dealer_id = spk.dealer_id and document.id_spk = spk.document_key and not spk.is_deleted_at_source
left join {{ ref('document_customer') }} as customer on spk.id = customer.document_id
where not document.is_deleted_at_source
