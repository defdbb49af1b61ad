{{ config(meta={
    'module': 'doch',
    'indexes': [
        'dealer_id, created_time',
        'id_so',
        'id_spk',
        'main_dealer_id',
        'created_time, id',
        'modified_time, id'
    ]
}) }}

select
    -- identity
    {{ document_id('doch') }} as id,
    document.main_dealer_id,
    document.dealer_id,
    document.document_key,

    -- sales order
    document.id_so,
    document.id_spk,

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
from {{ ref('stg_dgi__doch') }} as document
inner join {{ ref('dealer') }} as dealer on document.dealer_id = dealer.id
