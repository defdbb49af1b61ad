-- Documents deleted at the source stay: being taken off the list is how DGI says that an order is no longer unpaid.
with deposits as (
    select
        deposit.dealer_id,
        deposit.id_hlo_document,
        min(deposit.main_dealer_id) as main_dealer_id,
        min(deposit.time_zone) as time_zone,
        min(deposit.tanggal_pemesanan_hlo) as tanggal_pemesanan_hlo,
        min(deposit.no_work_order) as no_work_order,
        count(*) as deposits,
        min({{ created_day() | replace('document.', 'deposit.') }}) as first_deposit_on,
        (array_agg(deposit.id order by deposit.created_time desc, deposit.document_key desc))[1] as newest_deposit_id
    from {{ ref('dp_hlo') }} as deposit
    where not deposit.is_deleted_at_source and deposit.id_hlo_document is not null
    group by deposit.dealer_id, deposit.id_hlo_document
),

document as (
    select
        coalesce(unpaid.dealer_id, deposits.dealer_id) as dealer_id,
        coalesce(unpaid.main_dealer_id, deposits.main_dealer_id) as main_dealer_id,
        coalesce(unpaid.document_key, deposits.id_hlo_document) as hotline_order_number,
        coalesce(unpaid.time_zone, deposits.time_zone) as time_zone,
        coalesce(unpaid.tanggal_pemesanan_hlo, deposits.tanggal_pemesanan_hlo) as ordered_on,
        coalesce(unpaid.no_work_order, deposits.no_work_order) as work_order_number,
        unpaid.id as unpaid_id,
        coalesce(unpaid.id, deposits.newest_deposit_id) as customer_document_id,
        unpaid.is_deleted_at_source as is_off_the_list,
        unpaid.nama_customer,
        unpaid.no_kontak,
        unpaid.kode_tipe_unit,
        unpaid.no_rangka,
        unpaid.no_mesin,
        unpaid.vehicle_off_road,
        unpaid.vehicle_off_road_label,
        unpaid.job_return,
        unpaid.job_return_label,
        unpaid.created_time,
        unpaid.modified_time,
        unpaid.received_at,
        coalesce(deposits.deposits, 0) as deposits,
        deposits.first_deposit_on,
        deposits.newest_deposit_id
    from {{ ref('unpaid_hlo') }} as unpaid
    full join deposits
        on unpaid.dealer_id = deposits.dealer_id and unpaid.document_key = deposits.id_hlo_document
),

listed_parts as (
    select
        unpaid_hlo_id as document_id,
        count(*) as part_lines,
        sum(kuantitas) as quantity,
        sum(total_harga_parts) as parts_value,
        sum(uang_muka) as down_payment,
        sum(sisa_bayar) as remaining
    from {{ ref('unpaid_hlo_part') }}
    group by unpaid_hlo_id

    union all

    select
        dp_hlo_id as document_id,
        count(*) as part_lines,
        sum(kuantitas) as quantity,
        sum(total_harga_parts) as parts_value,
        sum(uang_muka) as down_payment,
        sum(sisa_bayar) as remaining
    from {{ ref('dp_hlo_part') }}
    group by dp_hlo_id
),

sold as (
    select distinct
        line.dealer_id,
        line.booking_id_reference
    from {{ ref('parts_sale_part') }} as line
    inner join {{ ref('parts_sale') }} as sale on line.parts_sale_id = sale.id
    where not sale.is_deleted_at_source and line.booking_id_reference is not null
),

with_state as (
    select
        *,
        case
            when deposits > 0 then 'deposited'
            when is_off_the_list then 'gone without deposit'
            else 'open'
        end as state
    from document
)

select
    md5(concat_ws('|', 'hotline order', document.dealer_id, document.hotline_order_number))::uuid as id,
    document.main_dealer_id,
    document.dealer_id,
    document.hotline_order_number,
    coalesce(document.ordered_on, {{ created_day() }}, document.first_deposit_on) as ordered_on,
    document.work_order_number,
    document.state,
    document.state = 'open' as is_open,
    document.unpaid_id is not null as was_listed_as_unpaid,
    document.deposits,
    document.first_deposit_on,
    case when document.state = 'gone without deposit' then {{ local_day('document.received_at') }} end as gone_on,
    sold.booking_id_reference is not null as has_parts_sale,
    customer.customer_key,
    {{ initials('document.nama_customer') }} as customer_initials,
    {{ masked_phone('document.no_kontak') }} as customer_masked_phone,
    document.kode_tipe_unit as unit_type,
    {{ chassis('document.no_rangka') }} as chassis_number,
    document.no_mesin as engine_number,
    document.vehicle_off_road as vehicle_off_road_code,
    document.vehicle_off_road_label,
    {{ is_status('document.vehicle_off_road', 'yes') }} as is_vehicle_off_road,
    document.job_return as job_return_code,
    document.job_return_label,
    coalesce(listed_parts.part_lines, 0) as part_lines,
    coalesce(listed_parts.quantity, 0) as quantity,
    coalesce(listed_parts.parts_value, 0) as parts_value,
    coalesce(listed_parts.down_payment, 0) as down_payment,
    coalesce(listed_parts.remaining, 0) as remaining,
    case when document.state = 'open' then {{ local_today() }} - document.ordered_on end as open_days,
    case
        when document.state = 'open'
            then {{ age_band(local_today() ~ ' - document.ordered_on', [7, 14, 30]) }}
    end as age_band,
    document.created_time as created_at,
    document.modified_time as modified_at,
    {{ local_today() }} as as_of_date
from with_state as document
left join listed_parts
    on coalesce(document.unpaid_id, document.newest_deposit_id) = listed_parts.document_id
left join sold
    on document.dealer_id = sold.dealer_id and document.hotline_order_number = sold.booking_id_reference
left join {{ ref('document_customer') }} as customer on document.customer_document_id = customer.document_id
