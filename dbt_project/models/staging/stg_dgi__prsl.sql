with newest as (
    {{ newest_documents('prsl') }}
)

select
    -- identity
    main_dealer_id,
    dealer_id,
    document_key,
    staging.dgi_text(document -> 'noSO') as no_so,

    -- order
    staging.dgi_date(document -> 'tglSO') as tgl_so,
    staging.dgi_text(document -> 'idCustomer') as id_customer,
    staging.dgi_text(document -> 'namaCustomer') as nama_customer,

    -- amounts
    staging.dgi_number(document -> 'discSO') as disc_so,
    staging.dgi_number(document -> 'totalHargaSO') as total_harga_so,

    -- lines
    coalesce(staging.dgi_lines(document -> 'parts'), '[]') as parts,

    -- at the main dealer
    staging.dgi_timestamp(document -> 'createdTime', time_zone) as created_time,
    staging.dgi_timestamp(document -> 'modifiedTime', time_zone) as modified_time,
    time_zone,
    is_deleted as is_deleted_at_source,

    -- what could not be read
    {{ unread_fields(
        date=['tglSO'],
        number=['discSO', 'totalHargaSO'],
        lines=['parts'],
        timestamp=['createdTime', 'modifiedTime']
    ) }}
    || {{ unread_line_fields(
        'parts',
        number=['kuantitas', 'hargaParts', 'discAmount', 'discPercentage', 'ppn', 'totalHargaParts', 'uangMuka'],
        timestamp=['createdTime', 'modifiedTime']
    ) }} as unread_fields,

    -- where this version came from
    content_hash,
    call_id,
    called_at,
    received_at,
    load_id
from newest
