with newest as (
    {{ newest_documents('prsp') }}
)

select
    -- identity
    main_dealer_id,
    dealer_id,
    document_key,
    staging.dgi_text(document -> 'idProspect') as id_prospect,

    -- the prospect
    staging.dgi_text(document -> 'sumberProspect') as sumber_prospect,
    staging.dgi_date(document -> 'tanggalProspect') as tanggal_prospect,
    staging.dgi_text(document -> 'taggingProspect') as tagging_prospect,

    -- the person
    staging.dgi_text(document -> 'namaLengkap') as nama_lengkap,
    staging.dgi_text(document -> 'noKontak') as no_kontak,
    staging.dgi_text(document -> 'noKtp') as no_ktp,

    -- home
    staging.dgi_text(document -> 'alamat') as alamat,
    staging.dgi_text(document -> 'kodePropinsi') as kode_propinsi,
    staging.dgi_text(document -> 'kodeKota') as kode_kota,
    staging.dgi_text(document -> 'kodeKecamatan') as kode_kecamatan,
    staging.dgi_text(document -> 'kodeKelurahan') as kode_kelurahan,
    staging.dgi_text(document -> 'kodePos') as kode_pos,
    staging.dgi_latitude(document -> 'latitude', document -> 'longitude') as latitude,
    staging.dgi_longitude(document -> 'latitude', document -> 'longitude') as longitude,

    -- office
    staging.dgi_text(document -> 'alamatKantor') as alamat_kantor,
    staging.dgi_text(document -> 'kodePropinsiKantor') as kode_propinsi_kantor,
    staging.dgi_text(document -> 'kodeKotaKantor') as kode_kota_kantor,
    staging.dgi_text(document -> 'kodeKecamatanKantor') as kode_kecamatan_kantor,
    staging.dgi_text(document -> 'kodeKelurahanKantor') as kode_kelurahan_kantor,
    staging.dgi_text(document -> 'kodePosKantor') as kode_pos_kantor,
    staging.dgi_text(document -> 'kodePekerjaan') as kode_pekerjaan,
    staging.dgi_text(document -> 'noKontakKantor') as no_kontak_kantor,

    -- follow-up
    staging.dgi_date(document -> 'tanggalAppointment') as tanggal_appointment,
    staging.dgi_time(document -> 'waktuAppointment') as waktu_appointment,
    staging.dgi_text(document -> 'metodeFollowUp') as metode_follow_up,
    staging.dgi_text(document -> 'testRidePreference') as test_ride_preference,
    staging.dgi_text(document -> 'statusFollowUpProspecting') as status_follow_up_prospecting,
    staging.dgi_text(document -> 'statusProspect') as status_prospect,

    -- who and where from
    staging.dgi_text(document -> 'idSalesPeople') as id_sales_people,
    staging.dgi_text(document -> 'idEvent') as id_event,

    -- lines
    coalesce(staging.dgi_lines(document -> 'unit'), '[]') as unit,

    -- at the main dealer
    staging.dgi_timestamp(document -> 'createdTime', time_zone) as created_time,
    staging.dgi_timestamp(document -> 'modifiedTime', time_zone) as modified_time,
    time_zone,
    is_deleted as is_deleted_at_source,

    -- what could not be read
    {{ unread_fields(
        date=['tanggalProspect', 'tanggalAppointment'],
        coordinate=['latitude', 'longitude'],
        time=['waktuAppointment'],
        lines=['unit'],
        timestamp=['createdTime', 'modifiedTime']
    ) }}
    || {{ unread_line_fields('unit', timestamp=['createdTime', 'modifiedTime']) }} as unread_fields,

    -- where this version came from
    content_hash,
    call_id,
    called_at,
    received_at,
    load_id
from newest
