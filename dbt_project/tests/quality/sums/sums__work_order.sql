{{ concerns('work_order', 'total_biaya_service is the sum of the totals of services and parts') }}

with services as (
    {{ line_sums('work_order_service', 'work_order', {'total': 'total_harga_servis'}) }}
),

parts as (
    {{ line_sums('work_order_part', 'work_order', {'total': 'total_harga_parts'}) }}
)

select
    document.main_dealer_id,
    document.dealer_id,
    'total_biaya_service is not the sum of services and parts' as what,
    count(*) as count
from {{ ref('work_order') }} as document
left join services using (id)
left join parts using (id)
where
    not document.is_deleted_at_source
    and abs(document.total_biaya_service - coalesce(services.total, 0) - coalesce(parts.total, 0))
    > coalesce(services.tolerance, 0) + coalesce(parts.tolerance, 0) + 1
group by document.main_dealer_id, document.dealer_id
