{%- set tables = {
    'prsp': 'prospect', 'spk': 'spk', 'bast': 'delivery', 'inv1': 'billing', 'lsng': 'leasing',
    'doch': 'document_handling', 'uinb': 'unit_inbound', 'mdinvh1': 'unit_invoice', 'pkb': 'work_order',
    'inv2': 'workshop_invoice', 'unpaidhlo': 'unpaid_hlo', 'dphlo': 'dp_hlo', 'pinb': 'parts_inbound',
    'prsl': 'parts_sale', 'mdinvh3': 'parts_invoice',
} -%}
with served as (
    select
        dealer.id as dealer_id,
        dealer.main_dealer_id,
        module,
        document.time_zone,
        {{ local_today() }} as as_of_date
    from {{ ref('dealer') }} as dealer
    inner join {{ ref('main_dealer') }} as document on dealer.main_dealer_id = document.id
    cross join lateral unnest(document.modules) as module
    where dealer.is_enabled and document.is_enabled
),

calls as (
    select
        served.dealer_id,
        served.module,
        max(call.called_at) filter (where call.is_success) as last_success_at,
        max(call.date_to) filter (where call.is_success) as last_date_covered,
        bool_or(call.is_success and call.called_on = served.as_of_date and call.date_to >= served.as_of_date)
            as is_fresh,
        max(call.called_at) filter (where not call.is_success) as last_failure_at,
        (array_agg(call.reason order by call.called_at desc) filter (where not call.is_success))[1]
            as last_failure_reason,
        count(*) filter (where call.is_open_failure) as open_failures
    from {{ ref('fct_call') }} as call
    inner join served on call.dealer_id = served.dealer_id and call.module = served.module
    group by served.dealer_id, served.module
),

documents as (
    {%- for module, table in tables.items() %}
        select
            '{{ module }}' as module,
            dealer_id,
            count(*) filter (where not is_deleted_at_source) as documents,
            max(created_time) as newest_created_at,
            max(received_at) as newest_received_at
        from {{ ref(table) }}
        group by dealer_id
        {%- if not loop.last %}

            union all
        {% endif %}
    {%- endfor %}
)

select
    served.main_dealer_id,
    served.dealer_id,
    served.module,
    {{ job_type('served.module') }} as job_type,
    {{ job_type_label('served.module') }} as job_type_label,
    calls.last_success_at,
    calls.last_success_at at time zone served.time_zone as last_success_local,
    calls.last_date_covered,
    coalesce(calls.is_fresh, false) as is_fresh,
    calls.last_failure_at,
    calls.last_failure_reason,
    coalesce(calls.open_failures, 0) as open_failures,
    coalesce(documents.documents, 0) as documents,
    documents.newest_created_at,
    documents.newest_created_at at time zone served.time_zone as newest_created_local,
    documents.newest_received_at,
    documents.newest_received_at at time zone served.time_zone as newest_received_local,
    served.as_of_date
from served
left join calls on served.dealer_id = calls.dealer_id and served.module = calls.module
left join documents on served.dealer_id = documents.dealer_id and served.module = documents.module
