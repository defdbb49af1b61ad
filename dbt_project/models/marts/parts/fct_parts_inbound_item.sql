select
    line.id,
    line.parts_inbound_id,
    line.line_number,
    document.main_dealer_id,
    document.dealer_id,
    document.no_penerimaan as receipt_number,
    document.no_shipping_list as shipping_list_number,
    coalesce(document.tgl_penerimaan, {{ created_day() }}) as received_on,
    line.no_po as purchase_order,
    line.jenis_order as order_type_code,
    line.jenis_order_label as order_type_label,
    line.id_warehouse as warehouse,
    line.parts_number as part_number,
    line.uom as unit_of_measure,
    line.kuantitas as quantity
from {{ ref('parts_inbound_item') }} as line
inner join {{ ref('parts_inbound') }} as document on line.parts_inbound_id = document.id
where not document.is_deleted_at_source
