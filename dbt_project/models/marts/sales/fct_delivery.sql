with lines as (
    select
        delivery_id,
        count(*) as units,
        string_agg(distinct id_spk, ', ' order by id_spk) as order_numbers
    from {{ ref('delivery_detail') }}
    group by delivery_id
)

select
    document.id,
    document.main_dealer_id,
    document.dealer_id,
    document.delivery_document_id as delivery_number,
    coalesce(document.tanggal_pengiriman, {{ created_day() }}) as delivered_on,
    document.id_driver as driver,
    document.status_delivery_document as status_code,
    document.status_delivery_document_label as status_label,
    {{ is_status('document.status_delivery_document', 'completed') }} as is_completed,
    {{ is_status('document.status_delivery_document', 'back to dealer') }} as is_back_to_dealer,
    lines.order_numbers,
    coalesce(lines.units, 0) as units,
    document.created_time as created_at,
    document.modified_time as modified_at
from {{ ref('delivery') }} as document
left join lines on document.id = lines.delivery_id
where not document.is_deleted_at_source
