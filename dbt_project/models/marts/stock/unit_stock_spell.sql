{{ config(materialized='ephemeral', contract={'enforced': false}) }}

-- Days at whose end a unit was in stock, one spell for each age band that it reaches. A spell that has not ended has no
-- upper bound.
select
    main_dealer_id,
    dealer_id,
    age_band,
    received_on,
    spell
from (
    select
        stock.main_dealer_id,
        stock.dealer_id,
        {{ age_band('band.from_age', [30, 60, 90]) }} as age_band,
        stock.received_on,
        daterange(stock.received_on, stock.left_on)
        * daterange(stock.received_on + band.from_age, stock.received_on + band.to_age) as spell
    from {{ ref('fct_unit_stock') }} as stock
    cross join (values (0, 31), (31, 61), (61, 91), (91, null)) as band (from_age, to_age)
    where stock.received_on is not null
) as banded
where not isempty(spell)
