select
    line.id,
    line.spk_id as order_id,
    line.line_number,
    document.main_dealer_id,
    document.dealer_id,
    document.id_spk as order_number,
    coalesce(document.tanggal_pesanan, {{ created_day() }}) as ordered_on,
    document.status_spk as status_code,
    document.status_spk_label as status_label,
    {{ is_status('document.status_spk', 'cancelled') }} as is_cancelled,
    document.id_sales_people as sales_person,
    line.kode_tipe_unit as unit_type,
    line.kode_warna as colour,
    line.tipe_pembayaran as payment_type_code,
    line.tipe_pembayaran_label as payment_type_label,
    line.quantity as units,
    line.harga_jual as unit_price,
    line.quantity * line.harga_jual as order_value,
    line.quantity * coalesce(line.diskon, 0) as discount,
    line.amount_ppn as vat,
    line.jumlah_tanda_jadi as booking_fee,
    line.tanggal_pengiriman as planned_delivery_on,
    line.id_sales_program as sales_programs
from {{ ref('spk_unit') }} as line
inner join {{ ref('spk') }} as document on line.spk_id = document.id
where not document.is_deleted_at_source
