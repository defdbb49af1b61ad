-- A unit is a chassis at a dealer. A completed delivery ends its stay whatever the order of the two dates: receipts are
-- entered late. A unit is in one place only: what another dealer received later, or delivered, is not here.
with received as (
    select distinct on (dealer_id, chassis_number)
        *,
        min(received_on) over unit as first_received_on,
        count(*) over unit as receipts
    from {{ ref('fct_unit_inbound_unit') }}
    where units_received > 0 and chassis_number is not null
    window unit as (partition by dealer_id, chassis_number)
    order by dealer_id asc, chassis_number asc, received_on desc, id asc
),

trips as (
    select
        *,
        max(case when not is_completed then delivered_on end) over (partition by dealer_id, chassis_number) as back_on
    from {{ ref('fct_delivery_unit') }}
    where chassis_number is not null and (is_completed or {{ is_status('status', 'back to dealer') }})
),

delivered as (
    select distinct on (dealer_id, chassis_number)
        *,
        case when is_completed and coalesce(back_on <= delivered_on, true) then delivered_on end as completed_on
    from trips
    order by dealer_id asc, chassis_number asc, is_completed desc, delivered_on desc, id asc
),

units as (
    select
        coalesce(received.id, delivered.id) as id,
        received.unit_inbound_id,
        delivered.delivery_id,
        coalesce(received.main_dealer_id, delivered.main_dealer_id) as main_dealer_id,
        dealer_id,
        chassis_number,
        coalesce(received.engine_number, delivered.engine_number) as engine_number,
        received.shipping_list_number,
        received.unit_type,
        received.colour,
        received.ready_for_sale_code,
        received.ready_for_sale_label,
        coalesce(received.receipts, 0) as receipts,
        received.first_received_on as received_on,
        delivered.completed_on as delivered_on,
        max(delivered.completed_on) over (partition by chassis_number) as delivered_anywhere_on,
        lead(received.received_on) over (
            partition by chassis_number order by received.received_on nulls first, dealer_id
        ) as received_elsewhere_on
    from received
    full join delivered using (dealer_id, chassis_number)
),

stays as (
    select
        *,
        case
            when received_on is not null and coalesce(delivered_anywhere_on, received_elsewhere_on) is not null
                then greatest(
                    received_on, coalesce(delivered_on, least(delivered_anywhere_on, received_elsewhere_on))
                )
        end as left_on
    from units
),

aged as (
    select
        stays.*,
        stays.received_on is not null and stays.left_on is null as is_in_stock,
        {{ local_today() }} as as_of_date,
        coalesce(stays.left_on, {{ local_today() }}) - stays.received_on as days_in_stock
    from stays
    inner join {{ ref('main_dealer') }} as document on stays.main_dealer_id = document.id
)

select
    id,
    unit_inbound_id,
    delivery_id,
    main_dealer_id,
    dealer_id,
    chassis_number,
    engine_number,
    shipping_list_number,
    unit_type,
    colour,
    ready_for_sale_code,
    ready_for_sale_label,
    receipts,
    received_on,
    delivered_on,
    left_on,
    case
        when is_in_stock then 'in stock'
        when receipts > 0 and delivered_on is not null then 'delivered'
        when receipts > 0 then 'at another dealer'
        when delivered_on is not null then 'delivered without receipt'
        else 'back without receipt'
    end as state,
    is_in_stock,
    days_in_stock,
    case when is_in_stock then {{ age_band('days_in_stock', [30, 60, 90]) }} end as age_band,
    as_of_date
from aged
