{{ concerns('fct_unit_stock', 'The stock is what core has as received, less what was delivered or passed on') }}

with received as (
    select
        document.dealer_id,
        {{ chassis('line.no_rangka') }} as chassis_number,
        max(coalesce(document.tanggal_terima, {{ created_day() }})) as received_on
    from {{ ref('unit_inbound_unit') }} as line
    inner join {{ ref('unit_inbound') }} as document on line.unit_inbound_id = document.id
    where not document.is_deleted_at_source and line.kuantitas_diterima > 0 and line.no_rangka is not null
    group by document.dealer_id, {{ chassis('line.no_rangka') }}
),

trips as (
    select
        document.dealer_id,
        {{ chassis('line.no_rangka') }} as chassis_number,
        coalesce(document.tanggal_pengiriman, {{ created_day() }}) as trip_on,
        {{ is_status('document.status_delivery_document', 'completed') }} as is_completed,
        {{ is_status('document.status_delivery_document', 'back to dealer') }} as is_back
    from {{ ref('delivery_detail') }} as line
    inner join {{ ref('delivery') }} as document on line.delivery_id = document.id
    where not document.is_deleted_at_source and line.no_rangka is not null
),

gone as (
    select trips.chassis_number
    from trips
    where
        trips.is_completed
        and not exists (
            select from trips as back
            where
                back.is_back
                and back.dealer_id = trips.dealer_id
                and back.chassis_number = trips.chassis_number
                and back.trip_on > trips.trip_on
        )
),

expected as (
    select
        dealer_id,
        count(*) as units
    from received
    where
        received.chassis_number not in (select gone.chassis_number from gone)
        and not exists (
            select from received as later
            where
                later.chassis_number = received.chassis_number
                and (later.received_on, later.dealer_id) > (received.received_on, received.dealer_id)
        )
    group by dealer_id
),

found as (
    select
        dealer_id,
        count(*) filter (where is_in_stock) as units
    from {{ ref('fct_unit_stock') }}
    group by dealer_id
)

select
    dealer.main_dealer_id,
    dealer_id,
    format('%s in stock, %s by core', coalesce(found.units, 0), coalesce(expected.units, 0)) as what,
    abs(coalesce(found.units, 0) - coalesce(expected.units, 0)) as count
from expected
full join found using (dealer_id)
inner join {{ ref('dealer') }} as dealer on dealer_id = dealer.id
where coalesce(found.units, 0) <> coalesce(expected.units, 0)
