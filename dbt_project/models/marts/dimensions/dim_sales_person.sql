with seen as (
    select
        main_dealer_id,
        dealer_id,
        id_sales_people,
        true as is_prospect
    from {{ ref('prospect') }}
    where not is_deleted_at_source

    union all

    select
        main_dealer_id,
        dealer_id,
        id_sales_people,
        false as is_prospect
    from {{ ref('spk') }}
    where not is_deleted_at_source
)

select
    main_dealer_id,
    dealer_id,
    id_sales_people as sales_person,
    count(*) filter (where is_prospect) as prospects,
    count(*) filter (where not is_prospect) as orders
from seen
where id_sales_people is not null
group by main_dealer_id, dealer_id, id_sales_people
