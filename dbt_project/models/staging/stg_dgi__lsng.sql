with newest as (
    {{ newest_documents('lsng') }}
)

select
    -- identity
    main_dealer_id,
    dealer_id,
    document_key,
    staging.dgi_text(document -> 'idDokumenPengajuan') as id_dokumen_pengajuan,
    staging.dgi_text(document -> 'idSPK') as id_spk,

    -- what was approved
    staging.dgi_number(document -> 'jumlahDP') as jumlah_dp,
    staging.dgi_number(document -> 'tenor') as tenor,
    staging.dgi_number(document -> 'jumlahCicilan') as jumlah_cicilan,
    staging.dgi_date(document -> 'tanggalPengajuan') as tanggal_pengajuan,

    -- finance company and its purchase order
    staging.dgi_text(document -> 'idFinanceCompany') as id_finance_company,
    staging.dgi_text(document -> 'namaFinanceCompany') as nama_finance_company,
    staging.dgi_text(document -> 'idPOFinanceCompany') as id_po_finance_company,
    staging.dgi_date(document -> 'tanggalPembuatanPO') as tanggal_pembuatan_po,
    staging.dgi_date(document -> 'tanggalPengirimanPOFinanceCompany') as tanggal_pengiriman_po_finance_company,

    -- at the main dealer
    staging.dgi_timestamp(document -> 'createdTime', time_zone) as created_time,
    staging.dgi_timestamp(document -> 'modifiedTime', time_zone) as modified_time,
    time_zone,
    is_deleted as is_deleted_at_source,

    -- what could not be read
    {{ unread_fields(
        number=['jumlahDP', 'tenor', 'jumlahCicilan'],
        date=['tanggalPengajuan', 'tanggalPembuatanPO', 'tanggalPengirimanPOFinanceCompany'],
        timestamp=['createdTime', 'modifiedTime']
    ) }} as unread_fields,

    -- where this version came from
    content_hash,
    call_id,
    called_at,
    received_at,
    load_id
from newest
