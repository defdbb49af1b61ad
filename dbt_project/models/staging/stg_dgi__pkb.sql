with newest as (
    {{ newest_documents('pkb') }}
)

select
    -- identity
    main_dealer_id,
    dealer_id,
    document_key,
    staging.dgi_text(document -> 'noWorkOrder') as no_work_order,

    -- the visit
    staging.dgi_text(document -> 'noSAForm') as no_sa_form,
    staging.dgi_date(document -> 'tanggalServis') as tanggal_servis,
    staging.dgi_timestamp(document -> 'waktuPKB', time_zone) as waktu_pkb,

    -- motorcycle
    staging.dgi_text(document -> 'noPolisi') as no_polisi,
    staging.dgi_text(document -> 'noRangka') as no_rangka,
    staging.dgi_text(document -> 'noMesin') as no_mesin,
    staging.dgi_text(document -> 'kodeTipeUnit') as kode_tipe_unit,
    staging.dgi_text(document -> 'tahunMotor') as tahun_motor,
    staging.dgi_text(document -> 'informasiBensin') as informasi_bensin,
    staging.dgi_number(document -> 'kmTerakhir') as km_terakhir,

    -- owner
    staging.dgi_text(document -> 'tipeComingCustomer') as tipe_coming_customer,
    staging.dgi_text(document -> 'namaPemilik') as nama_pemilik,
    staging.dgi_text(document -> 'alamatPemilik') as alamat_pemilik,
    staging.dgi_text(document -> 'kodePropinsiPemilik') as kode_propinsi_pemilik,
    staging.dgi_text(document -> 'kodeKotaPemilik') as kode_kota_pemilik,
    staging.dgi_text(document -> 'kodeKecamatanPemilik') as kode_kecamatan_pemilik,
    staging.dgi_text(document -> 'kodeKelurahanPemilik') as kode_kelurahan_pemilik,
    staging.dgi_text(document -> 'kodePosPemilik') as kode_pos_pemilik,

    -- who brought it
    staging.dgi_text(document -> 'alamatPembawa') as alamat_pembawa,
    staging.dgi_text(document -> 'kodePropinsiPembawa') as kode_propinsi_pembawa,
    staging.dgi_text(document -> 'kodeKotaPembawa') as kode_kota_pembawa,
    staging.dgi_text(document -> 'kodeKecamatanPembawa') as kode_kecamatan_pembawa,
    staging.dgi_text(document -> 'kodeKelurahanPembawa') as kode_kelurahan_pembawa,
    staging.dgi_text(document -> 'kodePosPembawa') as kode_pos_pembawa,
    staging.dgi_text(document -> 'namaPembawa') as nama_pembawa,
    staging.dgi_text(document -> 'noTelpPembawa') as no_telp_pembawa,
    staging.dgi_text(document -> 'hubunganDenganPemilik') as hubungan_dengan_pemilik,

    -- complaint and advice
    staging.dgi_text(document -> 'keluhanKonsumen') as keluhan_konsumen,
    staging.dgi_text(document -> 'rekomendasiSA') as rekomendasi_sa,
    staging.dgi_text(document -> 'hondaIdSA') as honda_id_sa,
    staging.dgi_text(document -> 'hondaIdMekanik') as honda_id_mekanik,
    staging.dgi_text(document -> 'saranMekanik') as saran_mekanik,

    -- the bay and its times
    staging.dgi_text(document -> 'asalUnitEntry') as asal_unit_entry,
    staging.dgi_text(document -> 'idPIT') as id_pit,
    staging.dgi_text(document -> 'jenisPIT') as jenis_pit,
    staging.dgi_timestamp(document -> 'waktuPendaftaran', time_zone) as waktu_pendaftaran,
    staging.dgi_timestamp(document -> 'waktuSelesai', time_zone) as waktu_selesai,
    staging.dgi_duration(document -> 'totalFRT') as total_frt,

    -- payment and claims
    staging.dgi_text(document -> 'setUpPembayaran') as set_up_pembayaran,
    staging.dgi_text(document -> 'catatanTambahan') as catatan_tambahan,
    staging.dgi_text(document -> 'konfirmasiPekerjaanTambahan') as konfirmasi_pekerjaan_tambahan,
    staging.dgi_text(document -> 'noBukuClaimC2') as no_buku_claim_c2,
    staging.dgi_text(document -> 'noWorkOrderJobReturn') as no_work_order_job_return,

    -- outcome
    staging.dgi_number(document -> 'totalBiayaService') as total_biaya_service,
    staging.dgi_duration(document -> 'waktuPekerjaan') as waktu_pekerjaan,
    staging.dgi_text(document -> 'statusWorkOrder') as status_work_order,

    -- lines
    coalesce(staging.dgi_lines(document -> 'services'), '[]') as services,
    coalesce(staging.dgi_lines(document -> 'parts'), '[]') as parts,

    -- at the main dealer
    staging.dgi_timestamp(document -> 'createdTime', time_zone) as created_time,
    staging.dgi_timestamp(document -> 'modifiedTime', time_zone) as modified_time,
    time_zone,
    is_deleted as is_deleted_at_source,

    -- what could not be read
    {{ unread_fields(
        date=['tanggalServis'],
        number=['kmTerakhir', 'totalBiayaService'],
        duration=['totalFRT', 'waktuPekerjaan'],
        lines=['services', 'parts'],
        timestamp=['waktuPKB', 'waktuPendaftaran', 'waktuSelesai', 'createdTime', 'modifiedTime']
    ) }}
    || {{ unread_line_fields(
        'services',
        number=['biayaService', 'discServiceAmount', 'discServicePercentage', 'totalHargaServis'],
        timestamp=['createdTime', 'modifiedTime']
    ) }}
    || {{ unread_line_fields(
        'parts',
        number=[
            'kuantitas', 'hargaParts', 'discPartsAmount', 'discPartsPercentage', 'ppn', 'totalHargaParts',
            'uangMuka'
        ],
        timestamp=['createdTime', 'modifiedTime']
    ) }} as unread_fields,

    -- where this version came from
    content_hash,
    call_id,
    called_at,
    received_at,
    load_id
from newest
