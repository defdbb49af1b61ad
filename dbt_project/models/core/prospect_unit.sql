{{ config(meta={
    'module': 'prsp',
    'document': 'prospect',
    'indexes': [
        'kode_tipe_unit',
        'dealer_id',
        'main_dealer_id'
    ]
}) }}

select
    -- identity
    {{ line_id('unit') }} as id,
    document.id as prospect_id,
    line.number::int as line_number,
    document.main_dealer_id,
    document.dealer_id,
    document.document_key,

    -- line
    staging.dgi_text(line.value -> 'kodeTipeUnit') as kode_tipe_unit,
    staging.dgi_text(line.value -> 'salesProgramId') as sales_program_id,

    -- at the main dealer
    staging.dgi_timestamp(line.value -> 'createdTime', received.time_zone) as created_time,
    staging.dgi_timestamp(line.value -> 'modifiedTime', received.time_zone) as modified_time
from {{ ref('prospect') }} as document
inner join {{ ref('stg_dgi__prsp') }} as received using (dealer_id, document_key)
cross join lateral jsonb_array_elements(received.unit) with ordinality as line (value, number)
