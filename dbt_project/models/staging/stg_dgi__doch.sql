with newest as (
    {{ newest_documents('doch') }}
)

select
    -- identity
    main_dealer_id,
    dealer_id,
    document_key,

    -- sales order
    staging.dgi_text(document -> 'idSO') as id_so,
    staging.dgi_text(document -> 'idSPK') as id_spk,

    -- lines
    coalesce(staging.dgi_lines(document -> 'unit'), '[]') as unit,

    -- at the main dealer
    staging.dgi_timestamp(document -> 'createdTime', time_zone) as created_time,
    staging.dgi_timestamp(document -> 'modifiedTime', time_zone) as modified_time,
    time_zone,
    is_deleted as is_deleted_at_source,

    -- what could not be read
    {{ unread_fields(lines=['unit'], timestamp=['createdTime', 'modifiedTime']) }}
    || {{ unread_line_fields(
        'unit',
        date=[
            'tanggalPengajuanSTNKKeBiro', 'tanggalPenerimaanSTNKDariBiro', 'tanggalPenerimaanBPKBDariBiro',
            'tanggalTerimaSTNKOlehKonsumen', 'tanggalTerimaBPKBOlehKonsumen'
        ],
        timestamp=['createdTime', 'modifiedTime']
    ) }} as unread_fields,

    -- where this version came from
    content_hash,
    call_id,
    called_at,
    received_at,
    load_id
from newest
