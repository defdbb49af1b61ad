-- The stock only changes where a spell starts or ends: it is summed up there and then repeated for the days up to the
-- next change. Ages are summed as days since a fixed day, less those of the receipts.
{%- set day_0 = "date '2000-01-01'" %}

with changes as (
    {%- for end, change in [('lower', '1'), ('upper', '-1')] %}
        select
            main_dealer_id,
            dealer_id,
            age_band,
            {{ end }}(spell) as day,
            sum({{ change }}) as units,
            sum({{ change }} * (received_on - {{ day_0 }})) as received_days
        from {{ ref('unit_stock_spell') }}
        where not {{ end }}_inf(spell)
        group by main_dealer_id, dealer_id, age_band, {{ end }}(spell)
        {%- if not loop.last %}

            union all
        {% endif %}
    {%- endfor %}
),

levels as (
    select
        main_dealer_id,
        dealer_id,
        age_band,
        day as from_day,
        lead(day) over so_far - 1 as to_day,
        sum(sum(units)) over so_far as units,
        sum(sum(received_days)) over so_far as received_days
    from changes
    group by main_dealer_id, dealer_id, age_band, day
    window so_far as (partition by main_dealer_id, dealer_id, age_band order by day)
)

select
    levels.main_dealer_id,
    levels.dealer_id,
    day::date as day,
    levels.age_band,
    levels.units::bigint as units_in_stock,
    (levels.units * (day::date - {{ day_0 }}) - levels.received_days)::bigint as days_in_stock
from levels
inner join {{ ref('main_dealer') }} as document on levels.main_dealer_id = document.id
cross join lateral generate_series(levels.from_day, least(levels.to_day, {{ local_today() }}), interval '1 day') as day
where levels.units > 0
