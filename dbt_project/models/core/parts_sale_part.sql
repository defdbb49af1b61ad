{{ config(meta={
    'module': 'prsl',
    'document': 'parts_sale',
    'indexes': [
        'parts_number',
        'booking_id_reference',
        'dealer_id',
        'main_dealer_id'
    ]
}) }}

select
    -- identity
    {{ line_id('parts') }} as id,
    document.id as parts_sale_id,
    line.number::int as line_number,
    document.main_dealer_id,
    document.dealer_id,
    document.document_key,

    -- line
    staging.dgi_text(line.value -> 'partsNumber') as parts_number,
    staging.dgi_number(line.value -> 'kuantitas') as kuantitas,
    staging.dgi_number(line.value -> 'hargaParts') as harga_parts,
    staging.dgi_text(line.value -> 'promoIdParts') as promo_id_parts,
    staging.dgi_number(line.value -> 'discAmount') as disc_amount,
    staging.dgi_number(line.value -> 'discPercentage') as disc_percentage,
    staging.dgi_number(line.value -> 'ppn') as ppn,
    staging.dgi_number(line.value -> 'totalHargaParts') as total_harga_parts,
    staging.dgi_number(line.value -> 'uangMuka') as uang_muka,
    staging.dgi_text(line.value -> 'bookingIdReference') as booking_id_reference,

    -- at the main dealer
    staging.dgi_timestamp(line.value -> 'createdTime', received.time_zone) as created_time,
    staging.dgi_timestamp(line.value -> 'modifiedTime', received.time_zone) as modified_time
from {{ ref('parts_sale') }} as document
inner join {{ ref('stg_dgi__prsl') }} as received using (dealer_id, document_key)
cross join lateral jsonb_array_elements(received.parts) with ordinality as line (value, number)
