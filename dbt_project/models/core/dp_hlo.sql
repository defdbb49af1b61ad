{{ config(meta={
    'module': 'dphlo',
    'indexes': [
        'dealer_id, tanggal_pemesanan_hlo',
        'tanggal_pemesanan_hlo, id',
        'no_invoice_uang_jaminan',
        'id_hlo_document',
        'no_work_order',
        'main_dealer_id',
        'created_time, id',
        'modified_time, id'
    ]
}) }}

select
    -- identity
    {{ document_id('dphlo') }} as id,
    document.main_dealer_id,
    document.dealer_id,
    document.document_key,
    document.no_invoice_uang_jaminan,

    -- the hotline order
    document.id_hlo_document,
    document.tanggal_pemesanan_hlo,
    document.no_work_order,

    -- customer
    document.id_customer,

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
from {{ ref('stg_dgi__dphlo') }} as document
inner join {{ ref('dealer') }} as dealer on document.dealer_id = dealer.id
