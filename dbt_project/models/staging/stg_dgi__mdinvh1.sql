with newest as (
    {{ newest_documents('mdinvh1') }}
)

select
    -- identity
    main_dealer_id,
    dealer_id,
    document_key,
    staging.dgi_text(document -> 'noInvoice') as no_invoice,

    -- dates
    staging.dgi_date(document -> 'tanggalInvoice') as tanggal_invoice,
    staging.dgi_date(document -> 'tanggalJatuhTempo') as tanggal_jatuh_tempo,

    -- amounts
    staging.dgi_number(document -> 'totalHargaSebelumDiskon') as total_harga_sebelum_diskon,
    staging.dgi_number(document -> 'totalDiskonPerUnit') as total_diskon_per_unit,
    staging.dgi_number(document -> 'potonganPerInvoice') as potongan_per_invoice,
    staging.dgi_number(document -> 'totalPPN') as total_ppn,
    staging.dgi_number(document -> 'totalHarga') as total_harga,

    -- lines
    coalesce(staging.dgi_lines(document -> 'unit'), '[]') as unit,

    -- at the main dealer
    staging.dgi_timestamp(document -> 'createdTime', time_zone) as created_time,
    staging.dgi_timestamp(document -> 'modifiedTime', time_zone) as modified_time,
    time_zone,
    is_deleted as is_deleted_at_source,

    -- what could not be read
    {{ unread_fields(
        date=['tanggalInvoice', 'tanggalJatuhTempo'],
        number=['totalHargaSebelumDiskon', 'totalDiskonPerUnit', 'potonganPerInvoice', 'totalPPN', 'totalHarga'],
        lines=['unit'],
        timestamp=['createdTime', 'modifiedTime']
    ) }}
    || {{ unread_line_fields(
        'unit',
        number=['kuantitas', 'hargaSatuanSebelumDiskon', 'diskonPerUnit'],
        timestamp=['createdTime', 'modifiedTime']
    ) }} as unread_fields,

    -- where this version came from
    content_hash,
    call_id,
    called_at,
    received_at,
    load_id
from newest
