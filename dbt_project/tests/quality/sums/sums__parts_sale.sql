{#- DGI leaves open whether the order's discount is already taken off the total: both count as equal. -#}
{{ concerns('parts_sale', 'total_harga_so is the sum of the lines, with or without the discount of the order') }}

with lines as (
    {{ line_sums('parts_sale_part', 'parts_sale', {'total': 'total_harga_parts'}) }}
)

select
    document.main_dealer_id,
    document.dealer_id,
    'total_harga_so is not the sum of the lines' as what,
    count(*) as count
from {{ ref('parts_sale') }} as document
left join lines using (id)
where
    not document.is_deleted_at_source
    and abs(document.total_harga_so - coalesce(lines.total, 0)) > coalesce(lines.tolerance, 1)
    and abs(document.total_harga_so - coalesce(lines.total, 0) + coalesce(document.disc_so, 0))
    > coalesce(lines.tolerance, 1)
group by document.main_dealer_id, document.dealer_id
