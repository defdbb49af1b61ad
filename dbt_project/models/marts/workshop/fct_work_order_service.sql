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
    document.honda_id_mekanik as mechanic,
    line.id_job as job,
    line.nama_pekerjaan as job_name,
    line.jenis_pekerjaan as job_category,
    line.biaya_service as price,
    coalesce(line.disc_service_amount, 0) as discount,
    line.total_harga_servis as amount
from {{ ref('work_order_service') }} as line
inner join {{ ref('work_order') }} as document on line.work_order_id = document.id
where not document.is_deleted_at_source
