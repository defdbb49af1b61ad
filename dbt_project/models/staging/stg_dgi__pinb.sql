with newest as (
    {{ newest_documents('pinb') }}
)

select
    -- identity
    main_dealer_id,
    dealer_id,
    document_key,
    staging.dgi_text(document -> 'noPenerimaan') as no_penerimaan,

    -- receipt
    staging.dgi_date(document -> 'tglPenerimaan') as tgl_penerimaan,
    staging.dgi_text(document -> 'noShippingList') as no_shipping_list,

    -- lines
    coalesce(staging.dgi_lines(document -> 'po'), '[]') as po,

    -- at the main dealer
    staging.dgi_timestamp(document -> 'createdTime', time_zone) as created_time,
    staging.dgi_timestamp(document -> 'modifiedTime', time_zone) as modified_time,
    time_zone,
    is_deleted as is_deleted_at_source,

    -- what could not be read
    {{ unread_fields(date=['tglPenerimaan'], lines=['po'], timestamp=['createdTime', 'modifiedTime']) }}
    || {{ unread_line_fields('po', number=['kuantitas'], timestamp=['createdTime', 'modifiedTime']) }} as unread_fields,

    -- where this version came from
    content_hash,
    call_id,
    called_at,
    received_at,
    load_id
from newest
