with interest as (
    select
        prospect_id,
        string_agg(distinct kode_tipe_unit, ', ' order by kode_tipe_unit) as unit_types
    from {{ ref('prospect_unit') }}
    group by prospect_id
),

ordered as (
    select distinct
        dealer_id,
        id_prospect
    from {{ ref('spk') }}
    where not is_deleted_at_source
)

select
    document.id,
    document.main_dealer_id,
    document.dealer_id,
    document.id_prospect as prospect_number,
    coalesce(document.tanggal_prospect, {{ created_day() }}) as prospect_on,
    customer.customer_key,
    {{ initials('document.nama_lengkap') }} as customer_initials,
    {{ masked_phone('document.no_kontak') }} as customer_masked_phone,
    document.kode_kota as city_code,
    document.kode_kecamatan as sub_district_code,
    document.sumber_prospect as source_code,
    document.sumber_prospect_label as source_label,
    document.status_prospect as status_code,
    document.status_prospect_label as status_label,
    document.metode_follow_up as follow_up_method_code,
    document.metode_follow_up_label as follow_up_method_label,
    document.status_follow_up_prospecting as follow_up_status_code,
    document.status_follow_up_prospecting_label as follow_up_status_label,
    document.tanggal_appointment as appointment_on,
    document.waktu_appointment as appointment_time,
    document.tagging_prospect as has_priority,
    document.id_sales_people as sales_person,
    document.id_event as event,
    interest.unit_types,
    {{ is_status('document.status_prospect', 'hot') }} as is_hot,
    {{ is_status('document.status_prospect', 'deal') }} as is_deal,
    {{ is_status('document.status_prospect', 'not deal') }} as is_not_deal,
    coalesce(document.tanggal_appointment < {{ local_today() }}, false)
    and not {{ is_status('document.status_follow_up_prospecting', 'done') }}
    and not {{ is_status('document.status_prospect', 'deal') }}
    and not {{ is_status('document.status_prospect', 'not deal') }} as is_follow_up_overdue,
    ordered.id_prospect is not null as has_order,
    document.created_time as created_at,
    document.modified_time as modified_at,
    {{ local_today() }} as as_of_date
from {{ ref('prospect') }} as document
left join {{ ref('document_customer') }} as customer on document.id = customer.document_id
left join interest on document.id = interest.prospect_id
left join ordered on document.dealer_id = ordered.dealer_id and document.id_prospect = ordered.id_prospect
where not document.is_deleted_at_source
