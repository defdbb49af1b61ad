with seen as (
    select
        main_dealer_id,
        dealer_id,
        kode_warna
    from {{ ref('spk_unit') }}

    union all

    select
        main_dealer_id,
        dealer_id,
        kode_warna
    from {{ ref('unit_inbound_unit') }}

    union all

    select
        main_dealer_id,
        dealer_id,
        kode_warna
    from {{ ref('unit_invoice_unit') }}
)

select
    main_dealer_id,
    dealer_id,
    kode_warna as colour,
    count(*) as lines
from seen
where kode_warna is not null
group by main_dealer_id, dealer_id, kode_warna
