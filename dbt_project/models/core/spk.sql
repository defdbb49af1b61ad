{{ config(meta={
    'module': 'spk',
    'indexes': [
        'dealer_id, tanggal_pesanan',
        'tanggal_pesanan, id',
        'id_spk',
        'id_prospect',
        'main_dealer_id',
        'created_time, id',
        'modified_time, id'
    ]
}) }}

select
    -- identity
    {{ document_id('spk') }} as id,
    document.main_dealer_id,
    document.dealer_id,
    document.document_key,

    -- the order letter
    document.id_spk,
    document.id_prospect,

    -- customer
    document.nama_customer,
    document.no_ktp,
    document.alamat,
    document.kode_propinsi,
    document.kode_kota,
    document.kode_kecamatan,
    document.kode_kelurahan,
    document.kode_pos,
    document.no_kontak,

    -- registered owner
    document.nama_bpkb,
    document.no_ktp_bpkb,
    document.alamat_bpkb,
    document.kode_propinsi_bpkb,
    document.kode_kota_bpkb,
    document.kode_kecamatan_bpkb,
    document.kode_kelurahan_bpkb,
    document.kode_pos_bpkb,

    -- where the customer lives
    document.latitude,
    document.longitude,
    document.npwp,

    -- family card
    document.no_kk,
    document.alamat_kk,
    document.kode_propinsi_kk,
    document.kode_kota_kk,
    document.kode_kecamatan_kk,
    document.kode_kelurahan_kk,
    document.kode_pos_kk,

    -- contact
    document.fax,
    document.email,

    -- the order
    document.id_sales_people,
    document.id_event,
    document.tanggal_pesanan,
    document.status_spk,
    {{ label('statusSPK', 'document.status_spk') }} as status_spk_label,

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
from {{ ref('stg_dgi__spk') }} as document
inner join {{ ref('dealer') }} as dealer on document.dealer_id = dealer.id
