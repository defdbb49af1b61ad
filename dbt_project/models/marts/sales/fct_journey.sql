with receipts as (
    select
        dealer_id,
        order_number,
        min(received_on) as first_receipt_on
    from {{ ref('fct_receipt') }}
    where has_order
    group by dealer_id, order_number
),

deliveries as (
    select
        dealer_id,
        order_number,
        min(delivered_on) as delivered_on,
        count(*) as delivered_units
    from {{ ref('fct_delivery_unit') }}
    where is_completed and has_order
    group by dealer_id, order_number
),

-- The last unit counts: papers are done when the whole order's are.
papers as (
    select
        dealer_id,
        order_number,
        min(requested_on) as papers_requested_on,
        case when bool_and(stnk_handed_over_on is not null) then max(stnk_handed_over_on) end as stnk_handed_over_on,
        case when bool_and(bpkb_handed_over_on is not null) then max(bpkb_handed_over_on) end as bpkb_handed_over_on
    from {{ ref('fct_papers') }}
    where has_order
    group by dealer_id, order_number
),

-- The first visit of one of the order's motorcycles on or after its delivery, at the dealer that sold it.
services as (
    select
        unit.dealer_id,
        unit.order_number,
        min(visit.visited_on) as first_service_on
    from {{ ref('fct_delivery_unit') }} as unit
    inner join {{ ref('fct_work_order') }} as visit
        on
            unit.dealer_id = visit.dealer_id
            and unit.chassis_number = visit.chassis_number
            and unit.delivered_on <= visit.visited_on
    where unit.is_completed and unit.has_order and visit.is_visit
    group by unit.dealer_id, unit.order_number
),

chassis_numbers as (
    select
        dealer_id,
        order_number,
        string_agg(distinct chassis_number, ', ' order by chassis_number) as numbers
    from {{ ref('fct_delivery_unit') }}
    where has_order
    group by dealer_id, order_number
),

steps as (
    select
        spk.id,
        spk.main_dealer_id,
        spk.dealer_id,
        spk.order_number,
        spk.prospect_number,
        chassis_numbers.numbers as chassis_numbers,
        spk.customer_key,
        spk.customer_initials,
        spk.status_code,
        spk.status_label,
        spk.is_cancelled,
        spk.sales_person,
        spk.unit_types,
        case
            when spk.prospect_number is null then 'no prospect named'
            when prospect.id is null then 'prospect not known'
            else 'joined'
        end as prospect_link,
        prospect.prospect_on,
        spk.ordered_on,
        receipts.first_receipt_on,
        deliveries.delivered_on,
        papers.papers_requested_on,
        papers.stnk_handed_over_on,
        papers.bpkb_handed_over_on,
        services.first_service_on,
        spk.as_of_date
    from {{ ref('fct_order') }} as spk
    left join {{ ref('fct_prospect') }} as prospect
        on spk.dealer_id = prospect.dealer_id and spk.prospect_number = prospect.prospect_number
    left join receipts on spk.dealer_id = receipts.dealer_id and spk.order_number = receipts.order_number
    left join deliveries on spk.dealer_id = deliveries.dealer_id and spk.order_number = deliveries.order_number
    left join papers on spk.dealer_id = papers.dealer_id and spk.order_number = papers.order_number
    left join services on spk.dealer_id = services.dealer_id and spk.order_number = services.order_number
    left join chassis_numbers
        on spk.dealer_id = chassis_numbers.dealer_id and spk.order_number = chassis_numbers.order_number
)

select
    *,
    first_receipt_on is not null as has_receipt,
    delivered_on is not null as has_delivery,
    stnk_handed_over_on is not null as has_stnk,
    bpkb_handed_over_on is not null as has_bpkb,
    first_service_on is not null as has_service,
    ordered_on - prospect_on as prospect_to_order_days,
    first_receipt_on - ordered_on as order_to_receipt_days,
    delivered_on - ordered_on as order_to_delivery_days,
    stnk_handed_over_on - delivered_on as delivery_to_stnk_days,
    bpkb_handed_over_on - delivered_on as delivery_to_bpkb_days,
    first_service_on - delivered_on as delivery_to_service_days,
    case
        when is_cancelled then 'Cancelled'
        when delivered_on is null and first_receipt_on is null then 'First receipt'
        when delivered_on is null then 'Delivery'
        when stnk_handed_over_on is null then 'STNK'
        when bpkb_handed_over_on is null then 'BPKB'
        when first_service_on is null then 'First service'
        else 'Through'
    end as waits_for,
    case
        when
            not is_cancelled
            and (
                delivered_on is null or stnk_handed_over_on is null or bpkb_handed_over_on is null
                or first_service_on is null
            )
            then
                as_of_date
                - greatest(
                    ordered_on, first_receipt_on, delivered_on, stnk_handed_over_on, bpkb_handed_over_on,
                    first_service_on
                )
    end as days_since_last_step
from steps
