select
    line.id,
    line.work_order_id,
    line.line_number,
    document.main_dealer_id,
    document.dealer_id,
    document.no_work_order as work_order_number,
    coalesce(document.tanggal_servis, {{ local_day('document.waktu_pkb') }}, {{ created_day() }})
        as visited_on,
    not {{ is_status('document.status_work_order', 'cancelled') }} as is_visit,
    line.id_job as job,
    line.parts_number as part_number,
    line.kuantitas as quantity,
    line.harga_parts as unit_price,
    line.ppn as unit_vat,
    coalesce(line.disc_parts_amount, 0) as discount,
    line.total_harga_parts as amount,
    line.uang_muka as down_payment
from {{ ref('work_order_part') }} as line
inner join {{ ref('work_order') }} as document on line.work_order_id = document.id
where not document.is_deleted_at_source
