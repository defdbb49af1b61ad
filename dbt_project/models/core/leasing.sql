{{ config(meta={
    'module': 'lsng',
    'indexes': [
        'dealer_id, tanggal_pengajuan',
        'tanggal_pengajuan, id',
        'id_dokumen_pengajuan',
        'id_spk',
        'main_dealer_id',
        'created_time, id',
        'modified_time, id'
    ]
}) }}

select
    -- identity
    {{ document_id('lsng') }} as id,
    document.main_dealer_id,
    document.dealer_id,
    document.document_key,
    document.id_dokumen_pengajuan,
    document.id_spk,

    -- what was approved
    document.jumlah_dp,
    document.tenor,
    document.jumlah_cicilan,
    document.tanggal_pengajuan,

    -- finance company and its purchase order
    document.id_finance_company,
    document.nama_finance_company,
    document.id_po_finance_company,
    document.tanggal_pembuatan_po,
    document.tanggal_pengiriman_po_finance_company,

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
from {{ ref('stg_dgi__lsng') }} as document
inner join {{ ref('dealer') }} as dealer on document.dealer_id = dealer.id
