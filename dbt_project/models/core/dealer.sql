{{ config(meta={
    'indexes': [
        'main_dealer_id'
    ]
}) }}

select
    dealer.id,
    dealer.name,
    dealer.city,
    dealer.main_dealer_id,
    dealer.is_enabled,
    dealer.created_at
from {{ source('registry', 'dealer') }} as dealer
