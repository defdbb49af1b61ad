with seen as (
    select
        main_dealer_id,
        dealer_id,
        honda_id_sa as staff,
        'advisor' as role
    from {{ ref('work_order') }}
    where not is_deleted_at_source

    union all

    select
        main_dealer_id,
        dealer_id,
        honda_id_mekanik,
        'mechanic' as role
    from {{ ref('work_order') }}
    where not is_deleted_at_source

    union all

    select
        main_dealer_id,
        dealer_id,
        honda_id_sa,
        'advisor' as role
    from {{ ref('workshop_invoice') }}
    where not is_deleted_at_source

    union all

    select
        main_dealer_id,
        dealer_id,
        honda_id_mekanik,
        'mechanic' as role
    from {{ ref('workshop_invoice') }}
    where not is_deleted_at_source
)

select
    main_dealer_id,
    dealer_id,
    staff,
    bool_or(role = 'advisor') as is_advisor,
    bool_or(role = 'mechanic') as is_mechanic
from seen
where staff is not null
group by main_dealer_id, dealer_id, staff
