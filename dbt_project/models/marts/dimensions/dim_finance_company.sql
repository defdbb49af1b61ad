-- The name that was sent last, since a company's name is spelled in many ways.
select distinct on (dealer_id, id_finance_company)
    main_dealer_id,
    dealer_id,
    id_finance_company as finance_company,
    coalesce(nama_finance_company, id_finance_company) as finance_company_name
from {{ ref('leasing') }}
where not is_deleted_at_source and id_finance_company is not null
order by dealer_id asc, id_finance_company asc, called_at desc, nama_finance_company asc, id asc
