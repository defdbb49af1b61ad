with lines as (
    select
        parts_invoice_id,
        sum(kuantitas) as quantity,
        string_agg(distinct no_po, ', ' order by no_po) as purchase_orders
    from {{ ref('parts_invoice_part') }}
    group by parts_invoice_id
)

select
    document.id,
    document.main_dealer_id,
    document.dealer_id,
    document.no_invoice as invoice_number,
    coalesce(document.tgl_invoice, {{ created_day() }}) as invoiced_on,
    document.tgl_jatuh_tempo as due_on,
    {{ due_bucket('document.tgl_jatuh_tempo', local_today()) }} as due_bucket,
    coalesce(document.tgl_jatuh_tempo < {{ local_today() }}, false) as is_overdue,
    lines.purchase_orders,
    coalesce(lines.quantity, 0) as quantity,
    document.total_harga_sebelum_diskon as gross,
    coalesce(document.total_diskon_per_parts_number, 0) + coalesce(document.potongan_per_invoice, 0) as discount,
    document.total_ppn as vat,
    document.total_harga as payable,
    document.created_time as created_at,
    document.modified_time as modified_at,
    {{ local_today() }} as as_of_date
from {{ ref('parts_invoice') }} as document
left join lines on document.id = lines.parts_invoice_id
where not document.is_deleted_at_source
