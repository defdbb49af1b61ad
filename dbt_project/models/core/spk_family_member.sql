{{ config(meta={
    'module': 'spk',
    'document': 'spk',
    'indexes': [
        'dealer_id',
        'main_dealer_id'
    ]
}) }}

select
    -- identity
    {{ line_id('dataAnggotaKeluarga') }} as id,
    document.id as spk_id,
    line.number::int as line_number,
    document.main_dealer_id,
    document.dealer_id,
    document.document_key,

    -- line
    staging.dgi_text(line.value -> 'anggotaKK') as anggota_kk,

    -- at the main dealer
    staging.dgi_timestamp(line.value -> 'createdTime', received.time_zone) as created_time,
    staging.dgi_timestamp(line.value -> 'modifiedTime', received.time_zone) as modified_time
from {{ ref('spk') }} as document
inner join {{ ref('stg_dgi__spk') }} as received using (dealer_id, document_key)
cross join lateral jsonb_array_elements(received.data_anggota_keluarga) with ordinality as line (value, number)
