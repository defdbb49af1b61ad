select
    main_dealer_id,
    dealer_id,
    delivered_on,
    status_code,
    status_label,
    driver,
    delivery_hour,
    city_code,
    sub_district_code,
    count(*) as units,
    count(*) filter (where is_completed) as delivered_units,
    count(*) filter (where is_completed and is_on_time) as on_time_units,
    count(*) filter (where is_completed and is_on_time is not null) as planned_units
from {{ ref('fct_delivery_unit') }}
group by
    main_dealer_id, dealer_id, delivered_on, status_code, status_label, driver, delivery_hour, city_code,
    sub_district_code
