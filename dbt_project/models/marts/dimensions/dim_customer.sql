select
    customer_key,
    main_dealer_id,
    dealer_id,
    {{ initials('customer_name') }} as initials,
    {{ masked_phone('phone') }} as masked_phone,
    left(village_code, 4) as city_code,
    left(village_code, 6) as sub_district_code,
    documents
from {{ ref('customer') }}
