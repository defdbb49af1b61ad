with newest as (
    {{ newest_documents('inv1') }}
)

select
    -- identity
    main_dealer_id,
    dealer_id,
    document_key,
    staging.dgi_text(document -> 'idInvoice') as id_invoice,

    -- whose receipt
    staging.dgi_text(document -> 'idSPK') as id_spk,
    staging.dgi_text(document -> 'idCustomer') as id_customer,

    -- payment
    staging.dgi_number(document -> 'amount') as amount,
    staging.dgi_text(document -> 'tipePembayaran') as tipe_pembayaran,
    staging.dgi_text(document -> 'caraBayar') as cara_bayar,
    staging.dgi_text(document -> 'status') as status,
    staging.dgi_text(document -> 'note') as note,

    -- at the main dealer
    staging.dgi_timestamp(document -> 'createdTime', time_zone) as created_time,
    staging.dgi_timestamp(document -> 'modifiedTime', time_zone) as modified_time,
    time_zone,
    is_deleted as is_deleted_at_source,

    -- what could not be read
    {{ unread_fields(number=['amount'], timestamp=['createdTime', 'modifiedTime']) }} as unread_fields,

    -- where this version came from
    content_hash,
    call_id,
    called_at,
    received_at,
    load_id
from newest
