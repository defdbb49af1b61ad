{{ config(meta={
    'module': 'mdinvh1',
    'document': 'unit_invoice',
    'indexes': [
        'po_id',
        'no_rangka',
        'no_mesin',
        'kode_tipe_unit',
        'dealer_id',
        'main_dealer_id'
    ]
}) }}

select
    -- identity
    {{ line_id('unit') }} as id,
    document.id as unit_invoice_id,
    line.number::int as line_number,
    document.main_dealer_id,
    document.dealer_id,
    document.document_key,

    -- line
    staging.dgi_text(line.value -> 'kodeTipeUnit') as kode_tipe_unit,
    staging.dgi_text(line.value -> 'kodeWarna') as kode_warna,
    staging.dgi_number(line.value -> 'kuantitas') as kuantitas,
    staging.dgi_text(line.value -> 'noMesin') as no_mesin,
    staging.dgi_text(line.value -> 'noRangka') as no_rangka,
    staging.dgi_number(line.value -> 'hargaSatuanSebelumDiskon') as harga_satuan_sebelum_diskon,
    staging.dgi_number(line.value -> 'diskonPerUnit') as diskon_per_unit,
    staging.dgi_text(line.value -> 'poId') as po_id,

    -- at the main dealer
    staging.dgi_timestamp(line.value -> 'createdTime', received.time_zone) as created_time,
    staging.dgi_timestamp(line.value -> 'modifiedTime', received.time_zone) as modified_time
from {{ ref('unit_invoice') }} as document
inner join {{ ref('stg_dgi__mdinvh1') }} as received using (dealer_id, document_key)
cross join lateral jsonb_array_elements(received.unit) with ordinality as line (value, number)
