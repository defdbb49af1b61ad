select
    line.id,
    line.unit_inbound_id,
    line.line_number,
    document.main_dealer_id,
    document.dealer_id,
    document.no_shipping_list as shipping_list_number,
    document.no_invoice as invoice_number,
    coalesce(document.tanggal_terima, {{ created_day() }}) as received_on,
    document.status_shipping_list as status_code,
    document.status_shipping_list_label as status_label,
    line.po_id as purchase_order,
    line.kode_tipe_unit as unit_type,
    line.kode_warna as colour,
    {{ chassis('line.no_rangka') }} as chassis_number,
    line.no_mesin as engine_number,
    line.status_rfs as ready_for_sale_code,
    line.status_rfs_label as ready_for_sale_label,
    coalesce(line.kuantitas_terkirim, 0) as units_sent,
    coalesce(line.kuantitas_diterima, 0) as units_received,
    greatest(coalesce(line.kuantitas_terkirim, 0) - coalesce(line.kuantitas_diterima, 0), 0) as units_short,
    case when {{ is_status('line.status_rfs', 'not ready') }} then coalesce(line.kuantitas_diterima, 0) else 0 end
        as units_not_ready
from {{ ref('unit_inbound_unit') }} as line
inner join {{ ref('unit_inbound') }} as document on line.unit_inbound_id = document.id
where not document.is_deleted_at_source
