select
    document.id,
    document.main_dealer_id,
    document.dealer_id,
    document.id_dokumen_pengajuan as application_number,
    document.id_spk as order_number,
    coalesce(document.tanggal_pengajuan, {{ created_day() }}) as applied_on,
    document.id_finance_company as finance_company,
    coalesce(document.nama_finance_company, document.id_finance_company) as finance_company_name,
    document.id_po_finance_company as finance_order_number,
    document.tanggal_pembuatan_po as finance_order_on,
    document.tanggal_pengiriman_po_finance_company as finance_order_sent_on,
    document.tanggal_pembuatan_po - document.tanggal_pengajuan as days_to_finance_order,
    document.jumlah_dp as down_payment,
    {{ down_payment_band('document.jumlah_dp') }} as down_payment_band,
    document.tenor as tenor_months,
    document.jumlah_cicilan as instalment,
    document.id_po_finance_company is not null as has_finance_order,
    spk.id is not null as has_order,
    document.created_time as created_at,
    document.modified_time as modified_at
from {{ ref('leasing') }} as document
left join {{ ref('spk') }} as spk
    on document.dealer_id = spk.dealer_id and document.id_spk = spk.document_key and not spk.is_deleted_at_source
where not document.is_deleted_at_source
