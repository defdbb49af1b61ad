with newest as (
    {{ newest_documents('dphlo') }}
)

select
    -- identity
    main_dealer_id,
    dealer_id,
    document_key,
    staging.dgi_text(document -> 'noInvoiceUangJaminan') as no_invoice_uang_jaminan,

    -- the hotline order
    staging.dgi_text(document -> 'idHLODocument') as id_hlo_document,
    staging.dgi_date(document -> 'tanggalPemesananHLO') as tanggal_pemesanan_hlo,
    staging.dgi_text(document -> 'noWorkOrder') as no_work_order,

    -- customer
    staging.dgi_text(document -> 'idCustomer') as id_customer,

    -- lines
    coalesce(staging.dgi_lines(document -> 'parts'), '[]') as parts,

    -- at the main dealer
    staging.dgi_timestamp(document -> 'createdTime', time_zone) as created_time,
    staging.dgi_timestamp(document -> 'modifiedTime', time_zone) as modified_time,
    time_zone,
    is_deleted as is_deleted_at_source,

    -- what could not be read
    {{ unread_fields(
        date=['tanggalPemesananHLO'],
        lines=['parts'],
        timestamp=['createdTime', 'modifiedTime']
    ) }}
    || {{ unread_line_fields(
        'parts',
        number=['kuantitas', 'hargaParts', 'totalHargaParts', 'uangMuka', 'sisaBayar'],
        timestamp=['createdTime', 'modifiedTime']
    ) }} as unread_fields,

    -- where this version came from
    content_hash,
    call_id,
    called_at,
    received_at,
    load_id
from newest
