with newest as (
    {{ newest_documents('bast') }}
)

select
    -- identity
    main_dealer_id,
    dealer_id,
    document_key,
    staging.dgi_text(document -> 'deliveryDocumentId') as delivery_document_id,

    -- delivery
    staging.dgi_date(document -> 'tanggalPengiriman') as tanggal_pengiriman,
    staging.dgi_text(document -> 'idDriver') as id_driver,
    staging.dgi_text(document -> 'statusDeliveryDocument') as status_delivery_document,

    -- lines
    coalesce(staging.dgi_lines(document -> 'detail'), '[]') as detail,

    -- at the main dealer
    staging.dgi_timestamp(document -> 'createdTime', time_zone) as created_time,
    staging.dgi_timestamp(document -> 'modifiedTime', time_zone) as modified_time,
    time_zone,
    is_deleted as is_deleted_at_source,

    -- what could not be read
    {{ unread_fields(
        date=['tanggalPengiriman'],
        lines=['detail'],
        timestamp=['createdTime', 'modifiedTime']
    ) }}
    || {{ unread_line_fields(
        'detail',
        time=['waktuPengiriman'],
        coordinate=['latitude', 'longitude'],
        timestamp=['createdTime', 'modifiedTime']
    ) }} as unread_fields,

    -- where this version came from
    content_hash,
    call_id,
    called_at,
    received_at,
    load_id
from newest
