-- The records themselves hold personal data: they stay in raw.rejected_record.
select
    md5(
        concat_ws(
            '|', document.call_id, document.content_hash,
            row_number() over (partition by document.call_id, document.content_hash)
        )
    )::uuid as id,
    document.call_id,
    document.main_dealer_id,
    document.dealer_id,
    document.module,
    {{ job_type('document.module') }} as job_type,
    {{ job_type_label('document.module') }} as job_type_label,
    document.reason,
    document.received_at,
    (document.received_at at time zone main_dealer.time_zone)::date as received_on
from {{ source('raw', 'rejected_record') }} as document
inner join {{ source('raw', '_dlt_loads') }} as load
    on document._dlt_load_id = load.load_id and load.status = 0
inner join {{ ref('main_dealer') }} as main_dealer on document.main_dealer_id = main_dealer.id
