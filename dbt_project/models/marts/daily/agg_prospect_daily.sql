select
    main_dealer_id,
    dealer_id,
    prospect_on,
    source_code,
    source_label,
    status_code,
    status_label,
    sales_person,
    sub_district_code,
    count(*) as prospects,
    count(*) filter (where is_deal) as deals,
    count(*) filter (where is_not_deal) as not_deals,
    count(*) filter (where is_hot) as hot_prospects,
    count(*) filter (where is_follow_up_overdue) as followups_overdue
from {{ ref('fct_prospect') }}
group by
    main_dealer_id, dealer_id, prospect_on, source_code, source_label, status_code, status_label,
    sales_person, sub_district_code
