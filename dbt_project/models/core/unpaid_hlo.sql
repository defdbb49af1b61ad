{{ config(meta={
    'module': 'unpaidhlo',
    'indexes': [
        'dealer_id, tanggal_pemesanan_hlo',
        'tanggal_pemesanan_hlo, id',
        'id_hlo_document',
        'no_work_order',
        'no_rangka',
        'main_dealer_id',
        'created_time, id',
        'modified_time, id'
    ]
}) }}

select
    -- identity
    {{ document_id('unpaidhlo') }} as id,
    document.main_dealer_id,
    document.dealer_id,
    document.document_key,
    document.id_hlo_document,

    -- the order
    document.tanggal_pemesanan_hlo,
    document.no_work_order,
    document.no_buku_claim_c2,

    -- customer
    document.no_ktp,
    document.nama_customer,
    document.alamat,
    document.kode_propinsi,
    document.kode_kota,
    document.kode_kecamatan,
    document.kode_kelurahan,
    document.kode_pos,
    document.no_kontak,

    -- motorcycle
    document.kode_tipe_unit,
    document.tahun_motor,
    document.no_mesin,
    document.no_rangka,

    -- flags
    document.flag_numbering,
    {{ label('flagNumbering', 'document.flag_numbering') }} as flag_numbering_label,
    document.vehicle_off_road,
    {{ label('vehicleOffRoad', 'document.vehicle_off_road') }} as vehicle_off_road_label,
    document.job_return,
    {{ label('jobReturn', 'document.job_return') }} as job_return_label,

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
from {{ ref('stg_dgi__unpaidhlo') }} as document
inner join {{ ref('dealer') }} as dealer on document.dealer_id = dealer.id
