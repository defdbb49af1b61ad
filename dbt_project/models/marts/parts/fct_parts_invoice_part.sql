select
    line.id,
    line.parts_invoice_id,
    line.line_number,
    document.main_dealer_id,
    document.dealer_id,
    document.no_invoice as invoice_number,
    coalesce(document.tgl_invoice, {{ created_day() }}) as invoiced_on,
    line.no_po as purchase_order,
    line.jenis_order as order_type_code,
    line.jenis_order_label as order_type_label,
    line.parts_number as part_number,
    line.uom as unit_of_measure,
    line.kuantitas as quantity,
    line.harga_satuan_sebelum_diskon as unit_price,
    line.kuantitas * line.harga_satuan_sebelum_diskon as gross,
    line.kuantitas * coalesce(line.diskon_per_parts_number, 0) as discount
from {{ ref('parts_invoice_part') }} as line
inner join {{ ref('parts_invoice') }} as document on line.parts_invoice_id = document.id
where not document.is_deleted_at_source
