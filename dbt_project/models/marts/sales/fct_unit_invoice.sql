with lines as (
    select
        unit_invoice_id,
        sum(kuantitas) as units,
        string_agg(distinct po_id, ', ' order by po_id) as purchase_orders
    from {{ ref('unit_invoice_unit') }}
    group by unit_invoice_id
)

select
    document.id,
    document.main_dealer_id,
    document.dealer_id,
    document.no_invoice as invoice_number,
    coalesce(document.tanggal_invoice, {{ created_day() }}) as invoiced_on,
    document.tanggal_jatuh_tempo as due_on,
    {{ due_bucket('document.tanggal_jatuh_tempo', local_today()) }} as due_bucket,
    coalesce(document.tanggal_jatuh_tempo < {{ local_today() }}, false) as is_overdue,
    lines.purchase_orders,
    coalesce(lines.units, 0) as units,
    document.total_harga_sebelum_diskon as gross,
    coalesce(document.total_diskon_per_unit, 0) + coalesce(document.potongan_per_invoice, 0) as discount,
    document.total_ppn as vat,
    document.total_harga as payable,
    document.created_time as created_at,
    document.modified_time as modified_at,
    {{ local_today() }} as as_of_date
from {{ ref('unit_invoice') }} as document
left join lines on document.id = lines.unit_invoice_id
where not document.is_deleted_at_source
