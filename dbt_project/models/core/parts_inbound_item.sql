{{ config(meta={
    'module': 'pinb',
    'document': 'parts_inbound',
    'indexes': [
        'no_po',
        'parts_number',
        'dealer_id',
        'main_dealer_id'
    ]
}) }}

select
    -- identity
    {{ line_id('po') }} as id,
    document.id as parts_inbound_id,
    line.number::int as line_number,
    document.main_dealer_id,
    document.dealer_id,
    document.document_key,

    -- line
    staging.dgi_text(line.value -> 'noPO') as no_po,
    staging.dgi_text(line.value -> 'jenisOrder') as jenis_order,
    {{ label('jenisOrder', "staging.dgi_text(line.value -> 'jenisOrder')") }} as jenis_order_label,
    staging.dgi_text(line.value -> 'idWarehouse') as id_warehouse,
    staging.dgi_text(line.value -> 'partsNumber') as parts_number,
    staging.dgi_number(line.value -> 'kuantitas') as kuantitas,
    staging.dgi_text(line.value -> 'uom') as uom,

    -- at the main dealer
    staging.dgi_timestamp(line.value -> 'createdTime', received.time_zone) as created_time,
    staging.dgi_timestamp(line.value -> 'modifiedTime', received.time_zone) as modified_time
from {{ ref('parts_inbound') }} as document
inner join {{ ref('stg_dgi__pinb') }} as received using (dealer_id, document_key)
cross join lateral jsonb_array_elements(received.po) with ordinality as line (value, number)
