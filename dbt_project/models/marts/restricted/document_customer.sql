{{ config(schema='restricted', pre_hook="{{ create_customer_secret() }}") }}

with named as (
    select
        'prospect' as document_kind,
        id as document_id,
        main_dealer_id,
        dealer_id,
        nama_lengkap as customer_name,
        no_kontak as phone,
        no_ktp as identity_number,
        alamat as address,
        null::text as email,
        kode_kelurahan as village_code,
        latitude,
        longitude,
        id_prospect as known_by,
        coalesce(modified_time, created_time, received_at) as noted_at
    from {{ ref('prospect') }}
    where not is_deleted_at_source

    union all

    select
        'order' as document_kind,
        id as document_id,
        main_dealer_id,
        dealer_id,
        nama_customer as customer_name,
        no_kontak as phone,
        no_ktp as identity_number,
        alamat as address,
        email,
        kode_kelurahan as village_code,
        latitude,
        longitude,
        id_prospect as known_by,
        coalesce(modified_time, created_time, received_at) as noted_at
    from {{ ref('spk') }}
    where not is_deleted_at_source

    union all

    -- A work order's telephone number is that of whoever brought the motorcycle: its owner is told by the chassis.
    select
        'work order' as document_kind,
        id as document_id,
        main_dealer_id,
        dealer_id,
        nama_pemilik as customer_name,
        null::text as phone,
        null::text as identity_number,
        alamat_pemilik as address,
        null::text as email,
        kode_kelurahan_pemilik as village_code,
        null::numeric as latitude,
        null::numeric as longitude,
        {{ chassis('no_rangka') }} as known_by,
        coalesce(modified_time, created_time, received_at) as noted_at
    from {{ ref('work_order') }}
    where not is_deleted_at_source

    union all

    -- Those that are deleted at the source were paid, or at least are no longer listed: they stay.
    select
        'hotline order' as document_kind,
        id as document_id,
        main_dealer_id,
        dealer_id,
        nama_customer as customer_name,
        no_kontak as phone,
        no_ktp as identity_number,
        alamat as address,
        null::text as email,
        kode_kelurahan as village_code,
        null::numeric as latitude,
        null::numeric as longitude,
        null::text as known_by,
        coalesce(modified_time, created_time, received_at) as noted_at
    from {{ ref('unpaid_hlo') }}

    union all

    select
        'deposit' as document_kind,
        id as document_id,
        main_dealer_id,
        dealer_id,
        null::text as customer_name,
        null::text as phone,
        id_customer as identity_number,
        null::text as address,
        null::text as email,
        null::text as village_code,
        null::numeric as latitude,
        null::numeric as longitude,
        null::text as known_by,
        coalesce(modified_time, created_time, received_at) as noted_at
    from {{ ref('dp_hlo') }}
    where not is_deleted_at_source

    union all

    select
        'parts sale' as document_kind,
        id as document_id,
        main_dealer_id,
        dealer_id,
        nama_customer as customer_name,
        null::text as phone,
        id_customer as identity_number,
        null::text as address,
        null::text as email,
        null::text as village_code,
        null::numeric as latitude,
        null::numeric as longitude,
        id_customer as known_by,
        coalesce(modified_time, created_time, received_at) as noted_at
    from {{ ref('parts_sale') }}
    where not is_deleted_at_source
),

identified as (
    select
        *,
        {{ customer_identity('identity_number', 'phone', 'customer_name', 'known_by') }} as identity
    from named
)

select
    identified.document_kind,
    identified.document_id,
    identified.main_dealer_id,
    identified.dealer_id,
    left(
        encode(
            sha256(
                convert_to(concat_ws('|', customer_secret.secret, identified.dealer_id, identified.identity), 'UTF8')
            ),
            'hex'
        ),
        32
    )::uuid as customer_key,
    identified.customer_name,
    identified.phone,
    identified.identity_number,
    identified.address,
    identified.email,
    identified.village_code,
    identified.latitude,
    identified.longitude,
    identified.noted_at
from identified
cross join restricted.customer_secret
where identified.identity is not null
