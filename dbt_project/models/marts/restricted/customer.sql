{{ config(schema='restricted', post_hook='{{ secure_people() }}') }}

-- Of each field the value that was noted last.
select
    customer_key,
    min(main_dealer_id) as main_dealer_id,
    min(dealer_id) as dealer_id,
    (array_agg(customer_name order by noted_at desc, document_id asc) filter (where customer_name is not null))[1]
        as customer_name,
    (array_agg(phone order by noted_at desc, document_id asc) filter (where phone is not null))[1] as phone,
    (array_agg(identity_number order by noted_at desc, document_id asc) filter (where identity_number is not null))[1]
        as identity_number,
    (array_agg(address order by noted_at desc, document_id asc) filter (where address is not null))[1] as address,
    (array_agg(email order by noted_at desc, document_id asc) filter (where email is not null))[1] as email,
    (array_agg(village_code order by noted_at desc, document_id asc) filter (where village_code is not null))[1]
        as village_code,
    (array_agg(latitude order by noted_at desc, document_id asc) filter (where latitude is not null))[1] as latitude,
    (array_agg(longitude order by noted_at desc, document_id asc) filter (where longitude is not null))[1] as longitude,
    count(*) as documents,
    max(noted_at) as noted_at
from {{ ref('document_customer') }}
group by customer_key
