with services as (
    select
        workshop_invoice_id,
        count(*) as services,
        sum(coalesce(disc_service_amount, 0)) as discount
    from {{ ref('workshop_invoice_service') }}
    group by workshop_invoice_id
),

parts as (
    select
        workshop_invoice_id,
        count(*) as part_lines,
        sum(coalesce(disc_parts_amount, 0)) as discount
    from {{ ref('workshop_invoice_part') }}
    group by workshop_invoice_id
)

select
    document.id,
    document.main_dealer_id,
    document.dealer_id,
    document.no_work_order as work_order_number,
    coalesce(
        {{ local_day('least(document.tanggal_njb, document.tanggal_nsc)') }}, {{ created_day() }}
    ) as invoiced_on,
    document.no_njb as service_note_number,
    {{ local_day('document.tanggal_njb') }} as service_note_on,
    document.no_nsc as parts_note_number,
    {{ local_day('document.tanggal_nsc') }} as parts_note_on,
    document.honda_id_sa as advisor,
    document.honda_id_mekanik as mechanic,
    coalesce(services.services, 0) as services,
    coalesce(parts.part_lines, 0) as part_lines,
    coalesce(document.total_harga_njb, 0) as service_revenue,
    coalesce(document.total_harga_nsc, 0) as parts_revenue,
    coalesce(document.total_harga_njb, 0) + coalesce(document.total_harga_nsc, 0) as revenue,
    coalesce(services.discount, 0) + coalesce(parts.discount, 0) as discount,
    work_order.id is not null as has_work_order,
    document.created_time as created_at,
    document.modified_time as modified_at
from {{ ref('workshop_invoice') }} as document
left join services on document.id = services.workshop_invoice_id
left join parts on document.id = parts.workshop_invoice_id
left join {{ ref('work_order') }} as work_order
    on
        document.dealer_id = work_order.dealer_id
        and document.no_work_order = work_order.document_key
        and not work_order.is_deleted_at_source
where not document.is_deleted_at_source
