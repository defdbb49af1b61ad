with lines as (
    select
        parts_inbound_id,
        count(*) as part_lines,
        sum(kuantitas) as quantity,
        string_agg(distinct no_po, ', ' order by no_po) as purchase_orders
    from {{ ref('parts_inbound_item') }}
    group by parts_inbound_id
)

select
    document.id,
    document.main_dealer_id,
    document.dealer_id,
    document.no_penerimaan as receipt_number,
    document.no_shipping_list as shipping_list_number,
    coalesce(document.tgl_penerimaan, {{ created_day() }}) as received_on,
    lines.purchase_orders,
    coalesce(lines.part_lines, 0) as part_lines,
    coalesce(lines.quantity, 0) as quantity,
    document.created_time as created_at,
    document.modified_time as modified_at
from {{ ref('parts_inbound') }} as document
left join lines on document.id = lines.parts_inbound_id
where not document.is_deleted_at_source
