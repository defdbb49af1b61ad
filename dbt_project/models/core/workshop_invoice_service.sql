{{ config(meta={
    'module': 'inv2',
    'document': 'workshop_invoice',
    'indexes': [
        'id_job',
        'dealer_id',
        'main_dealer_id'
    ]
}) }}

select
    -- identity
    {{ line_id('njb') }} as id,
    document.id as workshop_invoice_id,
    line.number::int as line_number,
    document.main_dealer_id,
    document.dealer_id,
    document.document_key,

    -- line
    staging.dgi_text(line.value -> 'idJob') as id_job,
    staging.dgi_number(line.value -> 'hargaServis') as harga_servis,
    staging.dgi_text(line.value -> 'promoIdJasa') as promo_id_jasa,
    staging.dgi_number(line.value -> 'discServiceAmount') as disc_service_amount,
    staging.dgi_number(line.value -> 'discServicePercentage') as disc_service_percentage,
    staging.dgi_number(line.value -> 'totalHargaServis') as total_harga_servis,

    -- at the main dealer
    staging.dgi_timestamp(line.value -> 'createdTime', received.time_zone) as created_time,
    staging.dgi_timestamp(line.value -> 'modifiedTime', received.time_zone) as modified_time
from {{ ref('workshop_invoice') }} as document
inner join {{ ref('stg_dgi__inv2') }} as received using (dealer_id, document_key)
cross join lateral jsonb_array_elements(received.njb) with ordinality as line (value, number)
