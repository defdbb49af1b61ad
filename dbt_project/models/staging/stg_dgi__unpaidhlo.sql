with newest as (
    {{ newest_documents('unpaidhlo') }}
)

select
    -- identity
    main_dealer_id,
    dealer_id,
    document_key,
    staging.dgi_text(document -> 'idHLODocument') as id_hlo_document,

    -- the order
    staging.dgi_date(document -> 'tanggalPemesananHLO') as tanggal_pemesanan_hlo,
    staging.dgi_text(document -> 'noWorkOrder') as no_work_order,
    staging.dgi_text(document -> 'noBukuClaimC2') as no_buku_claim_c2,

    -- customer
    staging.dgi_text(document -> 'noKTP') as no_ktp,
    staging.dgi_text(document -> 'namaCustomer') as nama_customer,
    staging.dgi_text(document -> 'alamat') as alamat,
    staging.dgi_text(document -> 'kodePropinsi') as kode_propinsi,
    staging.dgi_text(document -> 'kodeKota') as kode_kota,
    staging.dgi_text(document -> 'kodeKecamatan') as kode_kecamatan,
    staging.dgi_text(document -> 'kodeKelurahan') as kode_kelurahan,
    staging.dgi_text(document -> 'kodePos') as kode_pos,
    staging.dgi_text(document -> 'noKontak') as no_kontak,

    -- motorcycle
    staging.dgi_text(document -> 'kodeTipeUnit') as kode_tipe_unit,
    staging.dgi_text(document -> 'tahunMotor') as tahun_motor,
    staging.dgi_text(document -> 'noMesin') as no_mesin,
    staging.dgi_text(document -> 'noRangka') as no_rangka,

    -- flags
    staging.dgi_text(document -> 'flagNumbering') as flag_numbering,
    staging.dgi_text(document -> 'vehicleOffRoad') as vehicle_off_road,
    staging.dgi_text(document -> 'jobReturn') as job_return,

    -- lines
    coalesce(staging.dgi_lines(document -> 'parts'), '[]') as parts,

    -- at the main dealer
    staging.dgi_timestamp(document -> 'createdTime', time_zone) as created_time,
    staging.dgi_timestamp(document -> 'modifiedTime', time_zone) as modified_time,
    time_zone,
    is_deleted as is_deleted_at_source,

    -- what could not be read
    {{ unread_fields(
        date=['tanggalPemesananHLO'],
        lines=['parts'],
        timestamp=['createdTime', 'modifiedTime']
    ) }}
    || {{ unread_line_fields(
        'parts',
        number=['kuantitas', 'hargaParts', 'totalHargaParts', 'uangMuka', 'sisaBayar'],
        timestamp=['createdTime', 'modifiedTime']
    ) }} as unread_fields,

    -- where this version came from
    content_hash,
    call_id,
    called_at,
    received_at,
    load_id
from newest
