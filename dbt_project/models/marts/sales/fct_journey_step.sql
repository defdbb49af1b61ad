select
    journey.id as order_id,
    journey.main_dealer_id,
    journey.dealer_id,
    journey.order_number,
    journey.ordered_on,
    step.step_number,
    step.step,
    step.reached_on,
    journey.sales_person
from {{ ref('fct_journey') }} as journey
cross join
    lateral (
        values
        (1, '1 Order', true, journey.ordered_on),
        (2, '2 Receipt', journey.has_receipt, journey.first_receipt_on),
        (3, '3 Delivery', journey.has_delivery, journey.delivered_on),
        (4, '4 STNK handed over', journey.has_stnk, journey.stnk_handed_over_on),
        (5, '5 BPKB handed over', journey.has_bpkb, journey.bpkb_handed_over_on),
        (6, '6 First service', journey.has_service, journey.first_service_on)
    ) as step (step_number, step, is_reached, reached_on)
where not journey.is_cancelled and step.is_reached
