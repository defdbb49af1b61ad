{{ config(materialized='ephemeral', contract={'enforced': false}) }}

-- Days on which a unit's papers were in process, and on which they were overdue; the two reasons for being overdue may
-- overlap, so they are joined before they are counted. A spell that has not ended has no upper bound.
select
    main_dealer_id,
    dealer_id,
    spell,
    true as is_in_process,
    false as is_overdue
from (
    select
        main_dealer_id,
        dealer_id,
        daterange(
            requested_on,
            case when handed_over_on is not null then greatest(handed_over_on, requested_on) end
        ) as spell
    from {{ ref('fct_papers') }}
) as in_process
where not isempty(spell)

union all

select
    main_dealer_id,
    dealer_id,
    spell,
    false as is_in_process,
    true as is_overdue
from (
    select
        main_dealer_id,
        dealer_id,
        unnest(
            datemultirange(
                daterange(
                    requested_on + 31,
                    case when stnk_handed_over_on is not null then greatest(stnk_handed_over_on, requested_on + 31) end
                ),
                daterange(
                    requested_on + 91,
                    case when bpkb_handed_over_on is not null then greatest(bpkb_handed_over_on, requested_on + 91) end
                )
            )
        ) as spell
    from {{ ref('fct_papers') }}
) as overdue
