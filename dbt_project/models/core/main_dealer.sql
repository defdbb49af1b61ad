select
    main_dealer.id,
    main_dealer.name,
    main_dealer.time_zone,
    main_dealer.modules,
    main_dealer.is_enabled,
    main_dealer.created_at
from {{ source('registry', 'main_dealer') }} as main_dealer
