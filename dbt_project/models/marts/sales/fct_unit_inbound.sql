with lines as (
    select
        unit_inbound_id,
        sum(kuantitas_terkirim) as sent,
        sum(kuantitas_diterima) as received,
        sum(greatest(coalesce(kuantitas_terkirim, 0) - coalesce(kuantitas_diterima, 0), 0)) as short,
        sum(kuantitas_diterima) filter (where {{ is_status('status_rfs', 'not ready') }}) as not_ready,
        string_agg(distinct po_id, ', ' order by po_id) as purchase_orders
    from {{ ref('unit_inbound_unit') }}
    group by unit_inbound_id
)

select
    document.id,
    document.main_dealer_id,
    document.dealer_id,
    document.no_shipping_list as shipping_list_number,
    document.no_invoice as invoice_number,
    coalesce(document.tanggal_terima, {{ created_day() }}) as received_on,
    document.status_shipping_list as status_code,
    document.status_shipping_list_label as status_label,
    lines.purchase_orders,
    coalesce(lines.sent, 0) as units_sent,
    coalesce(lines.received, 0) as units_received,
    coalesce(lines.short, 0) as units_short,
    coalesce(lines.not_ready, 0) as units_not_ready,
    document.created_time as created_at,
    document.modified_time as modified_at
from {{ ref('unit_inbound') }} as document
left join lines on document.id = lines.unit_inbound_id
where not document.is_deleted_at_source
