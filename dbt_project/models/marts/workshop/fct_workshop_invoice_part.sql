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
    document.no_nsc as parts_note_number,
    document.honda_id_sa as advisor,
    document.honda_id_mekanik as mechanic,
    line.id_job as job,
    line.parts_number as part_number,
    line.kuantitas as quantity,
    line.harga_parts as unit_price,
    line.ppn as unit_vat,
    coalesce(line.disc_parts_amount, 0) as discount,
    line.total_harga_parts as amount,
    line.uang_muka as down_payment
from {{ ref('workshop_invoice_part') }} as line
inner join {{ ref('workshop_invoice') }} as document on line.workshop_invoice_id = document.id
where not document.is_deleted_at_source
