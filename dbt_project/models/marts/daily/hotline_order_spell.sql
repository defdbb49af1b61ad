{{ config(materialized='ephemeral', contract={'enforced': false}) }}

-- From the day of the order up to its deposit, or to the day on which it was noticed to be gone.
select
    main_dealer_id,
    dealer_id,
    spell
from (
    select
        main_dealer_id,
        dealer_id,
        daterange(ordered_on, case when not is_open then greatest(ordered_on, first_deposit_on, gone_on) end) as spell
    from {{ ref('fct_hotline_order') }}
) as listed
where not isempty(spell)
