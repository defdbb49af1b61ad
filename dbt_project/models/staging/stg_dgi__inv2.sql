with newest as (
    {{ newest_documents('inv2') }}
)

select
    -- identity
    main_dealer_id,
    dealer_id,
    document_key,
    staging.dgi_text(document -> 'noWorkOrder') as no_work_order,

    -- service note (NJB)
    staging.dgi_text(document -> 'noNJB') as no_njb,
    staging.dgi_timestamp(document -> 'tanggalNJB', time_zone) as tanggal_njb,
    staging.dgi_number(document -> 'totalHargaNJB') as total_harga_njb,

    -- parts note (NSC)
    staging.dgi_text(document -> 'noNSC') as no_nsc,
    staging.dgi_timestamp(document -> 'tanggalNSC', time_zone) as tanggal_nsc,
    staging.dgi_number(document -> 'totalHargaNSC') as total_harga_nsc,

    -- people
    staging.dgi_text(document -> 'hondaIdSA') as honda_id_sa,
    staging.dgi_text(document -> 'hondaIdMekanik') as honda_id_mekanik,

    -- lines
    coalesce(staging.dgi_lines(document -> 'njb'), '[]') as njb,
    coalesce(staging.dgi_lines(document -> 'nsc'), '[]') as nsc,

    -- at the main dealer
    staging.dgi_timestamp(document -> 'createdTime', time_zone) as created_time,
    staging.dgi_timestamp(document -> 'modifiedTime', time_zone) as modified_time,
    time_zone,
    is_deleted as is_deleted_at_source,

    -- what could not be read
    {{ unread_fields(
        number=['totalHargaNJB', 'totalHargaNSC'],
        lines=['njb', 'nsc'],
        timestamp=['tanggalNJB', 'tanggalNSC', 'createdTime', 'modifiedTime']
    ) }}
    || {{ unread_line_fields(
        'njb',
        number=['hargaServis', 'discServiceAmount', 'discServicePercentage', 'totalHargaServis'],
        timestamp=['createdTime', 'modifiedTime']
    ) }}
    || {{ unread_line_fields(
        'nsc',
        number=[
            'kuantitas', 'hargaParts', 'discPartsAmount', 'discPartsPercentage', 'ppn', 'totalHargaParts',
            'uangMuka'
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
