with newest as (
    {{ newest_documents('spk') }}
)

select
    -- identity
    main_dealer_id,
    dealer_id,
    document_key,

    -- the order letter
    staging.dgi_text(document -> 'idSpk') as id_spk,
    staging.dgi_text(document -> 'idProspect') as id_prospect,

    -- customer
    staging.dgi_text(document -> 'namaCustomer') as nama_customer,
    staging.dgi_text(document -> 'noKtp') as no_ktp,
    staging.dgi_text(document -> 'alamat') as alamat,
    staging.dgi_text(document -> 'kodePropinsi') as kode_propinsi,
    staging.dgi_text(document -> 'kodeKota') as kode_kota,
    staging.dgi_text(document -> 'kodeKecamatan') as kode_kecamatan,
    staging.dgi_text(document -> 'kodeKelurahan') as kode_kelurahan,
    staging.dgi_text(document -> 'kodePos') as kode_pos,
    staging.dgi_text(document -> 'noKontak') as no_kontak,

    -- registered owner
    staging.dgi_text(document -> 'namaBPKB') as nama_bpkb,
    staging.dgi_text(document -> 'noKTPBPKB') as no_ktp_bpkb,
    staging.dgi_text(document -> 'alamatBPKB') as alamat_bpkb,
    staging.dgi_text(document -> 'kodePropinsiBPKB') as kode_propinsi_bpkb,
    staging.dgi_text(document -> 'kodeKotaBPKB') as kode_kota_bpkb,
    staging.dgi_text(document -> 'kodeKecamatanBPKB') as kode_kecamatan_bpkb,
    staging.dgi_text(document -> 'kodeKelurahanBPKB') as kode_kelurahan_bpkb,
    staging.dgi_text(document -> 'kodePosBPKB') as kode_pos_bpkb,

    -- where the customer lives
    staging.dgi_latitude(document -> 'latitude', document -> 'longitude') as latitude,
    staging.dgi_longitude(document -> 'latitude', document -> 'longitude') as longitude,
    staging.dgi_text(document -> 'NPWP') as npwp,

    -- family card
    staging.dgi_text(document -> 'noKK') as no_kk,
    staging.dgi_text(document -> 'alamatKK') as alamat_kk,
    staging.dgi_text(document -> 'kodePropinsiKK') as kode_propinsi_kk,
    staging.dgi_text(document -> 'kodeKotaKK') as kode_kota_kk,
    staging.dgi_text(document -> 'kodeKecamatanKK') as kode_kecamatan_kk,
    staging.dgi_text(document -> 'kodeKelurahanKK') as kode_kelurahan_kk,
    staging.dgi_text(document -> 'kodePosKK') as kode_pos_kk,

    -- contact
    staging.dgi_text(document -> 'fax') as fax,
    staging.dgi_text(document -> 'email') as email,

    -- the order
    staging.dgi_text(document -> 'idSalesPeople') as id_sales_people,
    staging.dgi_text(document -> 'idEvent') as id_event,
    staging.dgi_date(document -> 'tanggalPesanan') as tanggal_pesanan,
    staging.dgi_text(document -> 'statusSPK') as status_spk,

    -- lines
    coalesce(staging.dgi_lines(document -> 'unit'), '[]') as unit,
    coalesce(staging.dgi_lines(document -> 'dataAnggotaKeluarga'), '[]') as data_anggota_keluarga,

    -- at the main dealer
    staging.dgi_timestamp(document -> 'createdTime', time_zone) as created_time,
    staging.dgi_timestamp(document -> 'modifiedTime', time_zone) as modified_time,
    time_zone,
    is_deleted as is_deleted_at_source,

    -- what could not be read
    {{ unread_fields(
        coordinate=['latitude', 'longitude'],
        date=['tanggalPesanan'],
        lines=['unit', 'dataAnggotaKeluarga'],
        timestamp=['createdTime', 'modifiedTime']
    ) }}
    || {{ unread_line_fields(
        'unit',
        number=['quantity', 'hargaJual', 'diskon', 'amountPPN', 'jumlahTandaJadi'],
        date=['tanggalPengiriman'],
        timestamp=['createdTime', 'modifiedTime']
    ) }}
    || {{ unread_line_fields('dataAnggotaKeluarga', timestamp=['createdTime', 'modifiedTime']) }} as unread_fields,

    -- where this version came from
    content_hash,
    call_id,
    called_at,
    received_at,
    load_id
from newest
