{{ config(meta={
    'module': 'bast',
    'document': 'delivery',
    'indexes': [
        'no_so',
        'id_spk',
        'no_rangka',
        'dealer_id',
        'main_dealer_id'
    ]
}) }}

select
    -- identity
    {{ line_id('detail') }} as id,
    document.id as delivery_id,
    line.number::int as line_number,
    document.main_dealer_id,
    document.dealer_id,
    document.document_key,

    -- line
    staging.dgi_text(line.value -> 'noSO') as no_so,
    staging.dgi_text(line.value -> 'idSPK') as id_spk,
    staging.dgi_text(line.value -> 'noMesin') as no_mesin,
    staging.dgi_text(line.value -> 'noRangka') as no_rangka,
    staging.dgi_text(line.value -> 'idCustomer') as id_customer,
    staging.dgi_time(line.value -> 'waktuPengiriman') as waktu_pengiriman,
    staging.dgi_text(line.value -> 'checklistKelengkapan') as checklist_kelengkapan,
    staging.dgi_text(line.value -> 'lokasiPengiriman') as lokasi_pengiriman,
    staging.dgi_latitude(line.value -> 'latitude', line.value -> 'longitude') as latitude,
    staging.dgi_longitude(line.value -> 'latitude', line.value -> 'longitude') as longitude,
    staging.dgi_text(line.value -> 'namaPenerima') as nama_penerima,
    staging.dgi_text(line.value -> 'noKontakPenerima') as no_kontak_penerima,

    -- at the main dealer
    staging.dgi_timestamp(line.value -> 'createdTime', received.time_zone) as created_time,
    staging.dgi_timestamp(line.value -> 'modifiedTime', received.time_zone) as modified_time
from {{ ref('delivery') }} as document
inner join {{ ref('stg_dgi__bast') }} as received using (dealer_id, document_key)
cross join lateral jsonb_array_elements(received.detail) with ordinality as line (value, number)
