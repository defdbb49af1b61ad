with lines as (
    select
        spk_id,
        sum(quantity) as units,
        sum(quantity * harga_jual) as order_value,
        sum(quantity * coalesce(diskon, 0)) as discount,
        max(tanggal_pengiriman) as planned_delivery_on,
        string_agg(distinct kode_tipe_unit, ', ' order by kode_tipe_unit) as unit_types,
        string_agg(distinct tipe_pembayaran_label, ', ' order by tipe_pembayaran_label) as payment_type_labels
    from {{ ref('spk_unit') }}
    group by spk_id
),

paid as (
    select
        dealer_id,
        id_spk,
        sum(amount) as paid_amount,
        count(*) as receipts
    from {{ ref('billing') }}
    where not is_deleted_at_source
    group by dealer_id, id_spk
)

select
    document.id,
    document.main_dealer_id,
    document.dealer_id,
    document.id_spk as order_number,
    document.id_prospect as prospect_number,
    coalesce(document.tanggal_pesanan, {{ created_day() }}) as ordered_on,
    customer.customer_key,
    {{ initials('document.nama_customer') }} as customer_initials,
    {{ masked_phone('document.no_kontak') }} as customer_masked_phone,
    document.kode_kota as city_code,
    document.kode_kecamatan as sub_district_code,
    document.status_spk as status_code,
    document.status_spk_label as status_label,
    {{ is_status('document.status_spk', 'indent') }} as is_indent,
    {{ is_status('document.status_spk', 'cancelled') }} as is_cancelled,
    document.id_sales_people as sales_person,
    document.id_event as event,
    lines.unit_types,
    lines.payment_type_labels,
    lines.planned_delivery_on,
    coalesce(lines.units, 0) as units,
    lines.order_value,
    lines.discount,
    coalesce(paid.paid_amount, 0) as paid_amount,
    coalesce(paid.receipts, 0) as receipts,
    paid.paid_amount / nullif(lines.order_value - lines.discount, 0) as paid_share,
    document.created_time as created_at,
    document.modified_time as modified_at,
    {{ local_today() }} as as_of_date
from {{ ref('spk') }} as document
left join {{ ref('document_customer') }} as customer on document.id = customer.document_id
left join lines on document.id = lines.spk_id
left join paid on document.dealer_id = paid.dealer_id and document.id_spk = paid.id_spk
where not document.is_deleted_at_source
