select
    line.id,
    line.prospect_id,
    line.line_number,
    document.main_dealer_id,
    document.dealer_id,
    document.id_prospect as prospect_number,
    coalesce(document.tanggal_prospect, {{ created_day() }}) as prospect_on,
    line.kode_tipe_unit as unit_type,
    line.sales_program_id as sales_programs
from {{ ref('prospect_unit') }} as line
inner join {{ ref('prospect') }} as document on line.prospect_id = document.id
where not document.is_deleted_at_source
