select
    line.id,
    line.unit_invoice_id,
    line.line_number,
    document.main_dealer_id,
    document.dealer_id,
    document.no_invoice as invoice_number,
    coalesce(document.tanggal_invoice, {{ created_day() }}) as invoiced_on,
    line.po_id as purchase_order,
    line.kode_tipe_unit as unit_type,
    line.kode_warna as colour,
    {{ chassis('line.no_rangka') }} as chassis_number,
    line.no_mesin as engine_number,
    line.kuantitas as units,
    line.harga_satuan_sebelum_diskon as unit_price,
    line.kuantitas * line.harga_satuan_sebelum_diskon as gross,
    line.kuantitas * coalesce(line.diskon_per_unit, 0) as discount
from {{ ref('unit_invoice_unit') }} as line
inner join {{ ref('unit_invoice') }} as document on line.unit_invoice_id = document.id
where not document.is_deleted_at_source
