with jobs as (
    select
        work_order_id,
        count(*) as services,
        sum(total_harga_servis) as service_amount,
        string_agg(distinct jenis_pekerjaan, ', ' order by jenis_pekerjaan) as job_categories
    from {{ ref('work_order_service') }}
    group by work_order_id
),

parts as (
    select
        work_order_id,
        count(*) as part_lines,
        sum(total_harga_parts) as parts_amount
    from {{ ref('work_order_part') }}
    group by work_order_id
)

select
    document.id,
    document.main_dealer_id,
    document.dealer_id,
    document.no_work_order as work_order_number,
    coalesce(document.tanggal_servis, {{ local_day('document.waktu_pkb') }}, {{ created_day() }})
        as visited_on,
    customer.customer_key,
    {{ initials('document.nama_pemilik') }} as owner_initials,
    {{ initials('document.nama_pembawa') }} as bringer_initials,
    {{ masked_phone('document.no_telp_pembawa') }} as bringer_masked_phone,
    document.no_polisi as plate_number,
    {{ chassis('document.no_rangka') }} as chassis_number,
    document.no_mesin as engine_number,
    document.kode_tipe_unit as unit_type,
    document.tahun_motor as model_year,
    document.km_terakhir as odometer_km,
    document.tipe_coming_customer as comer_code,
    document.tipe_coming_customer_label as comer_label,
    document.asal_unit_entry as origin_code,
    document.asal_unit_entry_label as origin_label,
    document.jenis_pit as bay_type_code,
    document.jenis_pit_label as bay_type_label,
    document.set_up_pembayaran as payment_code,
    document.set_up_pembayaran_label as payment_label,
    document.honda_id_sa as advisor,
    document.honda_id_mekanik as mechanic,
    document.status_work_order as status_code,
    document.status_work_order_label as status_label,
    not {{ is_status('document.status_work_order', 'cancelled') }} as is_visit,
    {{ is_status('document.status_work_order', 'finished') }} as is_finished,
    {{ is_status('document.status_work_order', 'in progress') }} as is_in_progress,
    document.no_work_order_job_return as returns_from_work_order,
    document.no_work_order_job_return is not null as is_job_return,
    document.waktu_pendaftaran as registered_at,
    document.waktu_selesai as finished_at,
    case
        when {{ is_status('document.status_work_order', 'finished') }}
            then extract(epoch from document.waktu_selesai - document.waktu_pendaftaran) / 3600
    end as lead_hours,
    case
        when {{ is_status('document.status_work_order', 'in progress') }}
            then extract(epoch from now() - coalesce(document.waktu_pendaftaran, document.waktu_pkb)) / 3600
    end as in_progress_hours,
    extract(epoch from document.total_frt) / 3600 as flat_rate_hours,
    extract(epoch from document.waktu_pekerjaan) / 3600 as worked_hours,
    jobs.job_categories,
    coalesce(jobs.services, 0) as services,
    coalesce(parts.part_lines, 0) as part_lines,
    coalesce(jobs.service_amount, 0) as service_amount,
    coalesce(parts.parts_amount, 0) as parts_amount,
    document.total_biaya_service as total_amount,
    document.created_time as created_at,
    document.modified_time as modified_at,
    {{ local_today() }} as as_of_date
from {{ ref('work_order') }} as document
left join {{ ref('document_customer') }} as customer on document.id = customer.document_id
left join jobs on document.id = jobs.work_order_id
left join parts on document.id = parts.work_order_id
where not document.is_deleted_at_source
