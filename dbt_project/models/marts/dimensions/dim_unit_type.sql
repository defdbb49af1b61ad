with seen as (
    select
        main_dealer_id,
        dealer_id,
        kode_tipe_unit
    from {{ ref('prospect_unit') }}

    union all

    select
        main_dealer_id,
        dealer_id,
        kode_tipe_unit
    from {{ ref('spk_unit') }}

    union all

    select
        main_dealer_id,
        dealer_id,
        kode_tipe_unit
    from {{ ref('unit_inbound_unit') }}

    union all

    select
        main_dealer_id,
        dealer_id,
        kode_tipe_unit
    from {{ ref('unit_invoice_unit') }}

    union all

    select
        main_dealer_id,
        dealer_id,
        kode_tipe_unit
    from {{ ref('work_order') }}

    union all

    select
        main_dealer_id,
        dealer_id,
        kode_tipe_unit
    from {{ ref('unpaid_hlo') }}
)

select
    main_dealer_id,
    dealer_id,
    kode_tipe_unit as unit_type,
    count(*) as lines
from seen
where kode_tipe_unit is not null
group by main_dealer_id, dealer_id, kode_tipe_unit
