{{ config(meta={
    'module': 'uinb',
    'indexes': [
        'dealer_id, tanggal_terima',
        'tanggal_terima, id',
        'no_shipping_list',
        'no_invoice',
        'main_dealer_id',
        'created_time, id',
        'modified_time, id'
    ]
}) }}

select
    -- identity
    {{ document_id('uinb') }} as id,
    document.main_dealer_id,
    document.dealer_id,
    document.document_key,

    -- shipment
    document.no_shipping_list,
    document.tanggal_terima,
    document.no_invoice,
    document.status_shipping_list,
    {{ label('statusShippingList', 'document.status_shipping_list') }} as status_shipping_list_label,

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
from {{ ref('stg_dgi__uinb') }} as document
inner join {{ ref('dealer') }} as dealer on document.dealer_id = dealer.id
