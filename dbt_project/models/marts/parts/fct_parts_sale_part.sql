with deposited as (
    select distinct
        dealer_id,
        id_hlo_document
    from {{ ref('dp_hlo') }}
    where not is_deleted_at_source
)

select
    line.id,
    line.parts_sale_id,
    line.line_number,
    document.main_dealer_id,
    document.dealer_id,
    document.no_so as sales_order_number,
    coalesce(document.tgl_so, {{ created_day() }}) as sold_on,
    line.parts_number as part_number,
    line.kuantitas as quantity,
    line.harga_parts as unit_price,
    line.ppn as unit_vat,
    line.kuantitas * (line.harga_parts + coalesce(line.ppn, 0)) as gross,
    coalesce(line.disc_amount, 0) as discount,
    line.total_harga_parts as amount,
    line.uang_muka as down_payment,
    line.booking_id_reference as hotline_order_number,
    line.booking_id_reference is not null as is_from_hotline_order,
    {{ sale_origin_label('line.booking_id_reference is not null') }} as sale_origin_label,
    deposited.id_hlo_document is not null as has_deposit
from {{ ref('parts_sale_part') }} as line
inner join {{ ref('parts_sale') }} as document on line.parts_sale_id = document.id
left join deposited
    on line.dealer_id = deposited.dealer_id and line.booking_id_reference = deposited.id_hlo_document
where not document.is_deleted_at_source
