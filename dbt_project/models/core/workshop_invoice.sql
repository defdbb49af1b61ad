{{ config(meta={
    'module': 'inv2',
    'indexes': [
        'dealer_id, tanggal_njb',
        'tanggal_njb, id',
        'no_work_order',
        'no_njb',
        'no_nsc',
        'main_dealer_id',
        'created_time, id',
        'modified_time, id'
    ]
}) }}

select
    -- identity
    {{ document_id('inv2') }} as id,
    document.main_dealer_id,
    document.dealer_id,
    document.document_key,
    document.no_work_order,

    -- service note (NJB)
    document.no_njb,
    document.tanggal_njb,
    document.total_harga_njb,

    -- parts note (NSC)
    document.no_nsc,
    document.tanggal_nsc,
    document.total_harga_nsc,

    -- people
    document.honda_id_sa,
    document.honda_id_mekanik,

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
from {{ ref('stg_dgi__inv2') }} as document
inner join {{ ref('dealer') }} as dealer on document.dealer_id = dealer.id
