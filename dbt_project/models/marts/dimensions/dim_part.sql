with seen as (
    select
        main_dealer_id,
        dealer_id,
        parts_number
    from {{ ref('work_order_part') }}

    union all

    select
        main_dealer_id,
        dealer_id,
        parts_number
    from {{ ref('workshop_invoice_part') }}

    union all

    select
        main_dealer_id,
        dealer_id,
        parts_number
    from {{ ref('unpaid_hlo_part') }}

    union all

    select
        main_dealer_id,
        dealer_id,
        parts_number
    from {{ ref('dp_hlo_part') }}

    union all

    select
        main_dealer_id,
        dealer_id,
        parts_number
    from {{ ref('parts_inbound_item') }}

    union all

    select
        main_dealer_id,
        dealer_id,
        parts_number
    from {{ ref('parts_sale_part') }}

    union all

    select
        main_dealer_id,
        dealer_id,
        parts_number
    from {{ ref('parts_invoice_part') }}
)

select
    main_dealer_id,
    dealer_id,
    parts_number as part_number,
    count(*) as lines
from seen
where parts_number is not null
group by main_dealer_id, dealer_id, parts_number
