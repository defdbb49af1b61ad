{{ config(meta={
    'module': 'pkb',
    'indexes': [
        'dealer_id, tanggal_servis',
        'tanggal_servis, id',
        'no_work_order',
        'no_work_order_job_return',
        'no_polisi',
        'no_rangka',
        'main_dealer_id',
        'created_time, id',
        'modified_time, id'
    ]
}) }}

select
    -- identity
    {{ document_id('pkb') }} as id,
    document.main_dealer_id,
    document.dealer_id,
    document.document_key,
    document.no_work_order,

    -- the visit
    document.no_sa_form,
    document.tanggal_servis,
    document.waktu_pkb,

    -- motorcycle
    document.no_polisi,
    document.no_rangka,
    document.no_mesin,
    document.kode_tipe_unit,
    document.tahun_motor,
    document.informasi_bensin,
    {{ label('informasiBensin', 'document.informasi_bensin') }} as informasi_bensin_label,
    document.km_terakhir,

    -- owner
    document.tipe_coming_customer,
    {{ label('tipeComingCustomer', 'document.tipe_coming_customer') }} as tipe_coming_customer_label,
    document.nama_pemilik,
    document.alamat_pemilik,
    document.kode_propinsi_pemilik,
    document.kode_kota_pemilik,
    document.kode_kecamatan_pemilik,
    document.kode_kelurahan_pemilik,
    document.kode_pos_pemilik,

    -- who brought it
    document.alamat_pembawa,
    document.kode_propinsi_pembawa,
    document.kode_kota_pembawa,
    document.kode_kecamatan_pembawa,
    document.kode_kelurahan_pembawa,
    document.kode_pos_pembawa,
    document.nama_pembawa,
    document.no_telp_pembawa,
    document.hubungan_dengan_pemilik,
    {{ label('hubunganDenganPemilik', 'document.hubungan_dengan_pemilik') }} as hubungan_dengan_pemilik_label,

    -- complaint and advice
    document.keluhan_konsumen,
    document.rekomendasi_sa,
    document.honda_id_sa,
    document.honda_id_mekanik,
    document.saran_mekanik,

    -- the bay and its times
    document.asal_unit_entry,
    {{ label('asalUnitEntry', 'document.asal_unit_entry') }} as asal_unit_entry_label,
    document.id_pit,
    document.jenis_pit,
    {{ label('jenisPIT', 'document.jenis_pit') }} as jenis_pit_label,
    document.waktu_pendaftaran,
    document.waktu_selesai,
    document.total_frt,

    -- payment and claims
    document.set_up_pembayaran,
    {{ label('setUpPembayaran', 'document.set_up_pembayaran') }} as set_up_pembayaran_label,
    document.catatan_tambahan,
    document.konfirmasi_pekerjaan_tambahan,
    {{ label('konfirmasiPekerjaanTambahan', 'document.konfirmasi_pekerjaan_tambahan') }}
        as konfirmasi_pekerjaan_tambahan_label,
    document.no_buku_claim_c2,
    document.no_work_order_job_return,

    -- outcome
    document.total_biaya_service,
    document.waktu_pekerjaan,
    document.status_work_order,
    {{ label('statusWorkOrder', 'document.status_work_order') }} as status_work_order_label,

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
from {{ ref('stg_dgi__pkb') }} as document
inner join {{ ref('dealer') }} as dealer on document.dealer_id = dealer.id
