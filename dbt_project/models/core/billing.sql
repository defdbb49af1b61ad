{{ config(meta={
    'module': 'inv1',
    'indexes': [
        'dealer_id, created_time',
        'id_invoice',
        'id_spk',
        'id_customer',
        'main_dealer_id',
        'created_time, id',
        'modified_time, id'
    ]
}) }}

select
    -- identity
    {{ document_id('inv1') }} as id,
    document.main_dealer_id,
    document.dealer_id,
    document.document_key,
    document.id_invoice,

    -- whose receipt
    document.id_spk,
    document.id_customer,

    -- payment
    document.amount,
    document.tipe_pembayaran,
    {{ label('inv1.tipePembayaran', 'document.tipe_pembayaran') }} as tipe_pembayaran_label,
    document.cara_bayar,
    {{ label('caraBayar', 'document.cara_bayar') }} as cara_bayar_label,
    document.status,
    {{ label('inv1.status', 'document.status') }} as status_label,
    document.note,

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
from {{ ref('stg_dgi__inv1') }} as document
inner join {{ ref('dealer') }} as dealer on document.dealer_id = dealer.id
