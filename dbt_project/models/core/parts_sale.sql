{{ config(meta={
    'module': 'prsl',
    'indexes': [
        'dealer_id, tgl_so',
        'tgl_so, id',
        'no_so',
        'id_customer',
        'main_dealer_id',
        'created_time, id',
        'modified_time, id'
    ]
}) }}

select
    -- identity
    {{ document_id('prsl') }} as id,
    document.main_dealer_id,
    document.dealer_id,
    document.document_key,
    document.no_so,

    -- order
    document.tgl_so,
    document.id_customer,
    document.nama_customer,

    -- amounts
    document.disc_so,
    document.total_harga_so,

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
from {{ ref('stg_dgi__prsl') }} as document
inner join {{ ref('dealer') }} as dealer on document.dealer_id = dealer.id
