with job_names as (
    select distinct on (dealer_id, id_job)
        dealer_id,
        id_job,
        nama_pekerjaan,
        jenis_pekerjaan
    from {{ ref('work_order_service') }}
    where nama_pekerjaan is not null
    order by dealer_id, id_job, nama_pekerjaan, jenis_pekerjaan
)

select
    line.id,
    line.workshop_invoice_id,
    line.line_number,
    document.main_dealer_id,
    document.dealer_id,
    document.no_work_order as work_order_number,
    coalesce(
        {{ local_day('least(document.tanggal_njb, document.tanggal_nsc)') }}, {{ created_day() }}
    ) as invoiced_on,
    document.no_njb as service_note_number,
    document.honda_id_sa as advisor,
    document.honda_id_mekanik as mechanic,
    line.id_job as job,
    job_names.nama_pekerjaan as job_name,
    job_names.jenis_pekerjaan as job_category,
    line.harga_servis as price,
    coalesce(line.disc_service_amount, 0) as discount,
    line.total_harga_servis as amount
from {{ ref('workshop_invoice_service') }} as line
inner join {{ ref('workshop_invoice') }} as document on line.workshop_invoice_id = document.id
left join job_names on line.dealer_id = job_names.dealer_id and line.id_job = job_names.id_job
where not document.is_deleted_at_source
