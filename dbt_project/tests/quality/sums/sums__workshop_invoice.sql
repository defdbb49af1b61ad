{{ concerns('workshop_invoice', 'total_harga_njb and total_harga_nsc are the sums of their lines') }}

with njb as (
    {{ line_sums('workshop_invoice_service', 'workshop_invoice', {'total': 'total_harga_servis'}) }}
),

nsc as (
    {{ line_sums('workshop_invoice_part', 'workshop_invoice', {'total': 'total_harga_parts'}) }}
)

select
    document.main_dealer_id,
    document.dealer_id,
    compared.what,
    count(*) as count
from {{ ref('workshop_invoice') }} as document
left join njb using (id)
left join nsc using (id)
cross join
    lateral (
        values
        (
            'total_harga_njb is not the sum of the lines',
            document.total_harga_njb - coalesce(njb.total, 0),
            coalesce(njb.tolerance, 1)
        ),
        (
            'total_harga_nsc is not the sum of the lines',
            document.total_harga_nsc - coalesce(nsc.total, 0),
            coalesce(nsc.tolerance, 1)
        )
    ) as compared (what, difference, tolerance)
where not document.is_deleted_at_source and abs(compared.difference) > compared.tolerance
group by document.main_dealer_id, document.dealer_id, compared.what
