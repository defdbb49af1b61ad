with links as (
    select
        main_dealer_id,
        dealer_id,
        'order to prospect' as link,
        prospect_link = 'joined' as is_joined
    from {{ ref('fct_journey') }}

    union all

    select
        main_dealer_id,
        dealer_id,
        'receipt to order' as link,
        has_order as is_joined
    from {{ ref('fct_receipt') }}

    union all

    select
        main_dealer_id,
        dealer_id,
        'leasing to order' as link,
        has_order as is_joined
    from {{ ref('fct_leasing') }}

    union all

    select
        main_dealer_id,
        dealer_id,
        'delivered unit to order' as link,
        has_order as is_joined
    from {{ ref('fct_delivery_unit') }}

    union all

    select
        main_dealer_id,
        dealer_id,
        'papers to order' as link,
        has_order as is_joined
    from {{ ref('fct_papers') }}

    union all

    select
        main_dealer_id,
        dealer_id,
        'papers to delivery' as link,
        delivered_on is not null as is_joined
    from {{ ref('fct_papers') }}

    union all

    select
        main_dealer_id,
        dealer_id,
        'workshop invoice to work order' as link,
        has_work_order as is_joined
    from {{ ref('fct_workshop_invoice') }}

    union all

    select
        main_dealer_id,
        dealer_id,
        'deposit to unpaid hotline order' as link,
        was_listed_as_unpaid as is_joined
    from {{ ref('fct_deposit') }}

    union all

    select
        main_dealer_id,
        dealer_id,
        'sold part to deposit' as link,
        has_deposit as is_joined
    from {{ ref('fct_parts_sale_part') }}
    where is_from_hotline_order
)

select
    main_dealer_id,
    dealer_id,
    link,
    count(*) as documents,
    count(*) filter (where is_joined) as joined,
    count(*) filter (where not is_joined) as unjoined
from links
group by main_dealer_id, dealer_id, link
