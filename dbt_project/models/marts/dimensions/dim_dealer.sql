select
    dealer.id as dealer_id,
    dealer.main_dealer_id,
    dealer.name as dealer_name,
    dealer.city,
    main_dealer.name as main_dealer_name,
    main_dealer.time_zone,
    dealer.is_enabled as is_active
from {{ ref('dealer') }} as dealer
left join {{ ref('main_dealer') }} as main_dealer on dealer.main_dealer_id = main_dealer.id
