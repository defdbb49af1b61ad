with lines as (
    select
        dp_hlo_id,
        count(*) as part_lines,
        sum(kuantitas) as quantity,
        sum(total_harga_parts) as parts_value,
        sum(uang_muka) as down_payment,
        sum(sisa_bayar) as remaining
    from {{ ref('dp_hlo_part') }}
    group by dp_hlo_id
)

select
    document.id,
    document.main_dealer_id,
    document.dealer_id,
    document.no_invoice_uang_jaminan as deposit_number,
    document.id_hlo_document as hotline_order_number,
    document.no_work_order as work_order_number,
    {{ created_day() }} as deposited_on,
    document.tanggal_pemesanan_hlo as ordered_on,
    {{ local_today() }} - document.tanggal_pemesanan_hlo as days_since_order,
    {{ age_band(local_today() ~ ' - document.tanggal_pemesanan_hlo', [7, 14, 30]) }} as age_band,
    customer.customer_key,
    document.id_hlo_document is null
    or row_number() over (
        partition by document.dealer_id, document.id_hlo_document
        order by document.created_time desc, document.document_key desc
    ) = 1 as is_newest_of_order,
    unpaid.id is not null as was_listed_as_unpaid,
    coalesce(lines.part_lines, 0) as part_lines,
    coalesce(lines.quantity, 0) as quantity,
    coalesce(lines.parts_value, 0) as parts_value,
    coalesce(lines.down_payment, 0) as down_payment,
    coalesce(lines.remaining, 0) as remaining,
    document.created_time as created_at,
    document.modified_time as modified_at,
    {{ local_today() }} as as_of_date
from {{ ref('dp_hlo') }} as document
left join lines on document.id = lines.dp_hlo_id
left join {{ ref('unpaid_hlo') }} as unpaid
    on document.dealer_id = unpaid.dealer_id and document.id_hlo_document = unpaid.document_key
left join {{ ref('document_customer') }} as customer on document.id = customer.document_id
where not document.is_deleted_at_source
