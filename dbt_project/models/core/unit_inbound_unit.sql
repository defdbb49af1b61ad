{{ config(meta={
    'module': 'uinb',
    'document': 'unit_inbound',
    'indexes': [
        'po_id',
        'no_rangka',
        'no_mesin',
        'dealer_id',
        'main_dealer_id'
    ]
}) }}

select
    -- identity
    {{ line_id('unit') }} as id,
    document.id as unit_inbound_id,
    line.number::int as line_number,
    document.main_dealer_id,
    document.dealer_id,
    document.document_key,

    -- line
    staging.dgi_text(line.value -> 'kodeTipeUnit') as kode_tipe_unit,
    staging.dgi_text(line.value -> 'kodeWarna') as kode_warna,
    staging.dgi_number(line.value -> 'kuantitasTerkirim') as kuantitas_terkirim,
    staging.dgi_number(line.value -> 'kuantitasDiterima') as kuantitas_diterima,
    staging.dgi_text(line.value -> 'noMesin') as no_mesin,
    staging.dgi_text(line.value -> 'noRangka') as no_rangka,
    staging.dgi_text(line.value -> 'statusRFS') as status_rfs,
    {{ label('statusRFS', "staging.dgi_text(line.value -> 'statusRFS')") }} as status_rfs_label,
    staging.dgi_text(line.value -> 'poId') as po_id,
    staging.dgi_text(line.value -> 'kelengkapanUnit') as kelengkapan_unit,
    staging.dgi_text(line.value -> 'noGoodsReceipt') as no_goods_receipt,
    staging.dgi_text(line.value -> 'docNRFSId') as doc_nrfs_id,

    -- at the main dealer
    staging.dgi_timestamp(line.value -> 'createdTime', received.time_zone) as created_time,
    staging.dgi_timestamp(line.value -> 'modifiedTime', received.time_zone) as modified_time
from {{ ref('unit_inbound') }} as document
inner join {{ ref('stg_dgi__uinb') }} as received using (dealer_id, document_key)
cross join lateral jsonb_array_elements(received.unit) with ordinality as line (value, number)
