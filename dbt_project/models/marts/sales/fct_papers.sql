with delivered as (
    select
        dealer_id,
        chassis_number,
        min(delivered_on) as delivered_on
    from {{ ref('fct_delivery_unit') }}
    where is_completed
    group by dealer_id, chassis_number
),

-- Some servers send papers without a chassis: then the order's first delivery stands in.
delivered_order as (
    select
        dealer_id,
        order_number,
        min(delivered_on) as delivered_on
    from {{ ref('fct_delivery_unit') }}
    where is_completed
    group by dealer_id, order_number
),

papers as (
    select
        line.*,
        document.id_so,
        document.id_spk,
        spk.id as spk_uuid,
        coalesce(line.tanggal_pengajuan_stnk_ke_biro, {{ created_day() }}) as requested_on,
        {{ local_today() }} as as_of_date
    from {{ ref('document_handling_unit') }} as line
    inner join {{ ref('document_handling') }} as document on line.document_handling_id = document.id
    left join {{ ref('spk') }} as spk
        on
            document.dealer_id = spk.dealer_id
            and document.id_spk = spk.document_key
            and not spk.is_deleted_at_source
    where not document.is_deleted_at_source
),

aged as (
    select
        *,
        case when tanggal_terima_stnk_oleh_konsumen is null then as_of_date - requested_on end as stnk_open_days,
        case when tanggal_terima_bpkb_oleh_konsumen is null then as_of_date - requested_on end as bpkb_open_days
    from papers
)

select
    aged.id,
    aged.document_handling_id as papers_document_id,
    aged.line_number,
    aged.main_dealer_id,
    aged.dealer_id,
    aged.id_so as sales_order_number,
    aged.id_spk as order_number,
    {{ chassis('aged.nomor_rangka') }} as chassis_number,
    aged.plat_nomor as plate_number,
    aged.status_faktur_stnk as status_code,
    aged.status_faktur_stnk_label as status_label,
    customer.customer_key,
    coalesce(delivered.delivered_on, delivered_order.delivered_on) as delivered_on,
    case
        when delivered.delivered_on is not null then 'chassis'
        when delivered_order.delivered_on is not null then 'order'
        else 'none'
    end as delivery_joined_by,
    aged.requested_on,
    aged.tanggal_penerimaan_stnk_dari_biro as stnk_from_bureau_on,
    aged.tanggal_terima_stnk_oleh_konsumen as stnk_handed_over_on,
    aged.tanggal_penerimaan_bpkb_dari_biro as bpkb_from_bureau_on,
    aged.tanggal_terima_bpkb_oleh_konsumen as bpkb_handed_over_on,
    -- `greatest` passes over nulls: both have to be there.
    case
        when aged.tanggal_terima_stnk_oleh_konsumen is not null and aged.tanggal_terima_bpkb_oleh_konsumen is not null
            then greatest(aged.tanggal_terima_stnk_oleh_konsumen, aged.tanggal_terima_bpkb_oleh_konsumen)
    end as handed_over_on,
    aged.tanggal_terima_stnk_oleh_konsumen - aged.tanggal_pengajuan_stnk_ke_biro as stnk_lead_days,
    aged.tanggal_terima_bpkb_oleh_konsumen - aged.tanggal_pengajuan_stnk_ke_biro as bpkb_lead_days,
    aged.stnk_open_days,
    aged.bpkb_open_days,
    {{ age_band('aged.stnk_open_days', [30, 60, 90]) }} as stnk_age_band,
    {{ age_band('aged.bpkb_open_days', [30, 60, 90]) }} as bpkb_age_band,
    greatest(aged.stnk_open_days, aged.bpkb_open_days) as open_days,
    coalesce(aged.stnk_open_days, aged.bpkb_open_days) is not null as is_in_process,
    coalesce(aged.stnk_open_days > 30, false) or coalesce(aged.bpkb_open_days > 90, false) as is_overdue,
    aged.spk_uuid is not null as has_order,
    aged.as_of_date
from aged
left join delivered
    on aged.dealer_id = delivered.dealer_id and {{ chassis('aged.nomor_rangka') }} = delivered.chassis_number
left join delivered_order on aged.dealer_id = delivered_order.dealer_id and aged.id_spk = delivered_order.order_number
left join {{ ref('document_customer') }} as customer on aged.spk_uuid = customer.document_id
