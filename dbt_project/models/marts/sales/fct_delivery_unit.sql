with planned as (
    select
        spk_id,
        max(tanggal_pengiriman) as planned_delivery_on
    from {{ ref('spk_unit') }}
    group by spk_id
)

select
    line.id,
    line.delivery_id,
    line.line_number,
    document.main_dealer_id,
    document.dealer_id,
    document.delivery_document_id as delivery_number,
    line.no_so as sales_order_number,
    line.id_spk as order_number,
    {{ chassis('line.no_rangka') }} as chassis_number,
    line.no_mesin as engine_number,
    coalesce(document.tanggal_pengiriman, {{ created_day() }}) as delivered_on,
    extract(hour from line.waktu_pengiriman)::int as delivery_hour,
    document.id_driver as driver,
    document.status_delivery_document as status_code,
    document.status_delivery_document_label as status_label,
    {{ is_status('document.status_delivery_document', 'completed') }} as is_completed,
    customer.customer_key,
    {{ initials('line.nama_penerima') }} as receiver_initials,
    {{ masked_phone('line.no_kontak_penerima') }} as receiver_masked_phone,
    coalesce(lower(line.lokasi_pengiriman) like 'dealer%', false) as is_at_dealer,
    case
        when lower(line.lokasi_pengiriman) like 'dealer%' then 'At the dealer'
        when line.lokasi_pengiriman is not null then 'Elsewhere'
    end as place_label,
    spk.kode_kota as city_code,
    spk.kode_kecamatan as sub_district_code,
    planned.planned_delivery_on,
    document.tanggal_pengiriman <= planned.planned_delivery_on as is_on_time,
    spk.id is not null as has_order
from {{ ref('delivery_detail') }} as line
inner join {{ ref('delivery') }} as document on line.delivery_id = document.id
left join {{ ref('spk') }} as spk
    on line.dealer_id = spk.dealer_id and line.id_spk = spk.document_key and not spk.is_deleted_at_source
left join planned on spk.id = planned.spk_id
left join {{ ref('document_customer') }} as customer on spk.id = customer.document_id
where not document.is_deleted_at_source
