{{ config(meta={
    'module': 'prsp',
    'indexes': [
        'dealer_id, tanggal_prospect',
        'tanggal_prospect, id',
        'id_prospect',
        'no_kontak',
        'main_dealer_id',
        'created_time, id',
        'modified_time, id'
    ]
}) }}

select
    -- identity
    {{ document_id('prsp') }} as id,
    document.main_dealer_id,
    document.dealer_id,
    document.document_key,
    document.id_prospect,

    -- the prospect
    document.sumber_prospect,
    {{ label('sumberProspect', 'document.sumber_prospect') }} as sumber_prospect_label,
    document.tanggal_prospect,
    document.tagging_prospect,

    -- the person
    document.nama_lengkap,
    document.no_kontak,
    document.no_ktp,

    -- home
    document.alamat,
    document.kode_propinsi,
    document.kode_kota,
    document.kode_kecamatan,
    document.kode_kelurahan,
    document.kode_pos,
    document.latitude,
    document.longitude,

    -- office
    document.alamat_kantor,
    document.kode_propinsi_kantor,
    document.kode_kota_kantor,
    document.kode_kecamatan_kantor,
    document.kode_kelurahan_kantor,
    document.kode_pos_kantor,
    document.kode_pekerjaan,
    {{ label('kodePekerjaan', 'document.kode_pekerjaan') }} as kode_pekerjaan_label,
    document.no_kontak_kantor,

    -- follow-up
    document.tanggal_appointment,
    document.waktu_appointment,
    document.metode_follow_up,
    {{ label('metodeFollowUp', 'document.metode_follow_up') }} as metode_follow_up_label,
    document.test_ride_preference,
    {{ label('testRidePreference', 'document.test_ride_preference') }} as test_ride_preference_label,
    document.status_follow_up_prospecting,
    {{ label('statusFollowUpProspecting', 'document.status_follow_up_prospecting') }}
        as status_follow_up_prospecting_label,
    document.status_prospect,
    {{ label('statusProspect', 'document.status_prospect') }} as status_prospect_label,

    -- who and where from
    document.id_sales_people,
    document.id_event,

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
from {{ ref('stg_dgi__prsp') }} as document
inner join {{ ref('dealer') }} as dealer on document.dealer_id = dealer.id
