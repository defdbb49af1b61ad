with newest as (
    {{ newest_documents('mdinvh3') }}
)

select
    -- identity
    main_dealer_id,
    dealer_id,
    document_key,
    staging.dgi_text(document -> 'noInvoice') as no_invoice,

    -- dates
    staging.dgi_date(document -> 'tglInvoice') as tgl_invoice,
    staging.dgi_date(document -> 'tglJatuhTempo') as tgl_jatuh_tempo,

    -- amounts
    staging.dgi_number(document -> 'totalHargaSebelumDiskon') as total_harga_sebelum_diskon,
    staging.dgi_number(document -> 'totalDiskonPerPartsNumber') as total_diskon_per_parts_number,
    staging.dgi_number(document -> 'potonganPerInvoice') as potongan_per_invoice,
    staging.dgi_number(document -> 'totalPPN') as total_ppn,
    staging.dgi_number(document -> 'totalHarga') as total_harga,

    -- lines
    coalesce(staging.dgi_lines(document -> 'parts'), '[]') as parts,

    -- at the main dealer
    staging.dgi_timestamp(document -> 'createdTime', time_zone) as created_time,
    staging.dgi_timestamp(document -> 'modifiedTime', time_zone) as modified_time,
    time_zone,
    is_deleted as is_deleted_at_source,

    -- what could not be read
    {{ unread_fields(
        date=['tglInvoice', 'tglJatuhTempo'],
        number=[
            'totalHargaSebelumDiskon', 'totalDiskonPerPartsNumber', 'potonganPerInvoice', 'totalPPN',
            'totalHarga'
        ],
        lines=['parts'],
        timestamp=['createdTime', 'modifiedTime']
    ) }}
    || {{ unread_line_fields(
        'parts',
        number=['kuantitas', 'hargaSatuanSebelumDiskon', 'diskonPerPartsNumber'],
        timestamp=['createdTime', 'modifiedTime']
    ) }} as unread_fields,

    -- where this version came from
    content_hash,
    call_id,
    called_at,
    received_at,
    load_id
from newest
