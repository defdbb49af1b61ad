{{ config(meta={
    'module': 'bast',
    'indexes': [
        'dealer_id, tanggal_pengiriman',
        'tanggal_pengiriman, id',
        'delivery_document_id',
        'main_dealer_id',
        'created_time, id',
        'modified_time, id'
    ]
}) }}

select
    -- identity
    {{ document_id('bast') }} as id,
    document.main_dealer_id,
    document.dealer_id,
    document.document_key,
    document.delivery_document_id,

    -- delivery
    document.tanggal_pengiriman,
    document.id_driver,
    document.status_delivery_document,
    {{ label('statusDeliveryDocument', 'document.status_delivery_document') }} as status_delivery_document_label,

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
from {{ ref('stg_dgi__bast') }} as document
inner join {{ ref('dealer') }} as dealer on document.dealer_id = dealer.id
