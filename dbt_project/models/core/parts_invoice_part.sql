{{ config(meta={
    'module': 'mdinvh3',
    'document': 'parts_invoice',
    'indexes': [
        'no_po',
        'parts_number',
        'dealer_id',
        'main_dealer_id'
    ]
}) }}

select
    -- identity
    {{ line_id('parts') }} as id,
    document.id as parts_invoice_id,
    line.number::int as line_number,
    document.main_dealer_id,
    document.dealer_id,
    document.document_key,

    -- line
    staging.dgi_text(line.value -> 'noPO') as no_po,
    staging.dgi_text(line.value -> 'jenisOrder') as jenis_order,
    {{ label('jenisOrder', "staging.dgi_text(line.value -> 'jenisOrder')") }} as jenis_order_label,
    staging.dgi_text(line.value -> 'partsNumber') as parts_number,
    staging.dgi_number(line.value -> 'kuantitas') as kuantitas,
    staging.dgi_text(line.value -> 'uom') as uom,
    staging.dgi_number(line.value -> 'hargaSatuanSebelumDiskon') as harga_satuan_sebelum_diskon,
    staging.dgi_number(line.value -> 'diskonPerPartsNumber') as diskon_per_parts_number,

    -- at the main dealer
    staging.dgi_timestamp(line.value -> 'createdTime', received.time_zone) as created_time,
    staging.dgi_timestamp(line.value -> 'modifiedTime', received.time_zone) as modified_time
from {{ ref('parts_invoice') }} as document
inner join {{ ref('stg_dgi__mdinvh3') }} as received using (dealer_id, document_key)
cross join lateral jsonb_array_elements(received.parts) with ordinality as line (value, number)
