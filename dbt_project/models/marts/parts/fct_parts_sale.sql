with lines as (
    select
        parts_sale_id,
        count(*) as part_lines,
        sum(kuantitas) as quantity,
        sum(kuantitas * (harga_parts + coalesce(ppn, 0))) as gross,
        sum(coalesce(disc_amount, 0)) as discount,
        bool_or(booking_id_reference is not null) as is_from_hotline_order,
        string_agg(distinct booking_id_reference, ', ' order by booking_id_reference) as hotline_order_numbers
    from {{ ref('parts_sale_part') }}
    group by parts_sale_id
)

select
    document.id,
    document.main_dealer_id,
    document.dealer_id,
    document.no_so as sales_order_number,
    coalesce(document.tgl_so, {{ created_day() }}) as sold_on,
    customer.customer_key,
    {{ initials('document.nama_customer') }} as customer_initials,
    -- tells two customers with the same initials apart
    concat_ws(' ', {{ initials('document.nama_customer') }}, left(customer.customer_key::text, 4)) as customer,
    lines.hotline_order_numbers,
    coalesce(lines.is_from_hotline_order, false) as is_from_hotline_order,
    {{ sale_origin_label('lines.is_from_hotline_order') }} as sale_origin_label,
    coalesce(lines.part_lines, 0) as part_lines,
    coalesce(lines.quantity, 0) as quantity,
    coalesce(lines.gross, 0) as gross,
    coalesce(lines.discount, 0) as discount,
    coalesce(document.disc_so, 0) as rounding,
    document.total_harga_so as sales,
    document.created_time as created_at,
    document.modified_time as modified_at
from {{ ref('parts_sale') }} as document
left join lines on document.id = lines.parts_sale_id
left join {{ ref('document_customer') }} as customer on document.id = customer.document_id
where not document.is_deleted_at_source
