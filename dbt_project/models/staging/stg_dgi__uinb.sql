with newest as (
    {{ newest_documents('uinb') }}
)

select
    -- identity
    main_dealer_id,
    dealer_id,
    document_key,

    -- shipment
    staging.dgi_text(document -> 'noShippingList') as no_shipping_list,
    staging.dgi_date(document -> 'tanggalTerima') as tanggal_terima,
    staging.dgi_text(document -> 'noInvoice') as no_invoice,
    staging.dgi_text(document -> 'statusShippingList') as status_shipping_list,

    -- lines
    coalesce(staging.dgi_lines(document -> 'unit'), '[]') as unit,

    -- at the main dealer
    staging.dgi_timestamp(document -> 'createdTime', time_zone) as created_time,
    staging.dgi_timestamp(document -> 'modifiedTime', time_zone) as modified_time,
    time_zone,
    is_deleted as is_deleted_at_source,

    -- what could not be read
    {{ unread_fields(
        date=['tanggalTerima'],
        lines=['unit'],
        timestamp=['createdTime', 'modifiedTime']
    ) }}
    || {{ unread_line_fields(
        'unit',
        number=['kuantitasTerkirim', 'kuantitasDiterima'],
        timestamp=['createdTime', 'modifiedTime']
    ) }} as unread_fields,

    -- where this version came from
    content_hash,
    call_id,
    called_at,
    received_at,
    load_id
from newest
