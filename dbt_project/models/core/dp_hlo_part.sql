{{ config(meta={
    'module': 'dphlo',
    'document': 'dp_hlo',
    'indexes': [
        'parts_number',
        'dealer_id',
        'main_dealer_id'
    ]
}) }}

select
    -- identity
    {{ line_id('parts') }} as id,
    document.id as dp_hlo_id,
    line.number::int as line_number,
    document.main_dealer_id,
    document.dealer_id,
    document.document_key,

    -- line
    staging.dgi_text(line.value -> 'partsNumber') as parts_number,
    staging.dgi_number(line.value -> 'kuantitas') as kuantitas,
    staging.dgi_number(line.value -> 'hargaParts') as harga_parts,
    staging.dgi_number(line.value -> 'totalHargaParts') as total_harga_parts,
    staging.dgi_number(line.value -> 'uangMuka') as uang_muka,
    staging.dgi_number(line.value -> 'sisaBayar') as sisa_bayar,

    -- at the main dealer
    staging.dgi_timestamp(line.value -> 'createdTime', received.time_zone) as created_time,
    staging.dgi_timestamp(line.value -> 'modifiedTime', received.time_zone) as modified_time
from {{ ref('dp_hlo') }} as document
inner join {{ ref('stg_dgi__dphlo') }} as received using (dealer_id, document_key)
cross join lateral jsonb_array_elements(received.parts) with ordinality as line (value, number)
