{{ config(meta={
    'module': 'mdinvh1',
    'indexes': [
        'dealer_id, tanggal_invoice',
        'tanggal_invoice, id',
        'no_invoice',
        'main_dealer_id',
        'created_time, id',
        'modified_time, id'
    ]
}) }}

select
    -- identity
    {{ document_id('mdinvh1') }} as id,
    document.main_dealer_id,
    document.dealer_id,
    document.document_key,
    document.no_invoice,

    -- dates
    document.tanggal_invoice,
    document.tanggal_jatuh_tempo,

    -- amounts
    document.total_harga_sebelum_diskon,
    document.total_diskon_per_unit,
    document.potongan_per_invoice,
    document.total_ppn,
    document.total_harga,

    -- at the main dealer
    document.created_time,
    document.modified_time,
    document.time_zone,
    document.is_deleted_at_source,

    -- what could not be read
    document.unread_fields,

    -- where this version came from
    document.content_hash,
    document.call_id,
    document.called_at,
    document.received_at,
    document.load_id
from {{ ref('stg_dgi__mdinvh1') }} as document
inner join {{ ref('dealer') }} as dealer on document.dealer_id = dealer.id
