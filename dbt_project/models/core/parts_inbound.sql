{{ config(meta={
    'module': 'pinb',
    'indexes': [
        'dealer_id, tgl_penerimaan',
        'tgl_penerimaan, id',
        'no_penerimaan',
        'no_shipping_list',
        'main_dealer_id',
        'created_time, id',
        'modified_time, id'
    ]
}) }}

select
    -- identity
    {{ document_id('pinb') }} as id,
    document.main_dealer_id,
    document.dealer_id,
    document.document_key,
    document.no_penerimaan,

    -- receipt
    document.tgl_penerimaan,
    document.no_shipping_list,

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
from {{ ref('stg_dgi__pinb') }} as document
inner join {{ ref('dealer') }} as dealer on document.dealer_id = dealer.id
