select
    main_dealer_id,
    dealer_id,
    invoiced_on,
    advisor,
    mechanic,
    count(*) as workshop_invoices,
    sum(service_revenue) as service_revenue,
    sum(parts_revenue) as workshop_parts_revenue,
    sum(revenue) as workshop_revenue,
    sum(discount) as workshop_discount
from {{ ref('fct_workshop_invoice') }}
group by
    main_dealer_id, dealer_id, invoiced_on, advisor, mechanic
