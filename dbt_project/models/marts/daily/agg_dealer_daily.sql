-- What happened on a day, and how much was open at its end: the starts and ends of open spells, summed up to the day.
{%- set happened = {
    'prospects': ('fct_prospect', 'prospect_on', '1', 'true'),
    'deals': ('fct_prospect', 'prospect_on', '1', 'is_deal'),
    'orders': ('fct_order', 'ordered_on', '1', 'true'),
    'delivered_units': ('fct_delivery_unit', 'delivered_on', '1', 'is_completed'),
    'visits': ('fct_work_order', 'visited_on', '1', 'is_visit'),
    'workshop_revenue': ('fct_workshop_invoice', 'invoiced_on', 'revenue', 'true'),
    'parts_sales': ('fct_parts_sale', 'sold_on', 'sales', 'true'),
    'hotline_orders_new': ('fct_hotline_order', 'ordered_on', '1', 'true'),
    'hotline_orders_closed': ('fct_hotline_order', 'first_deposit_on', '1', 'deposits > 0'),
} %}
{%- set opened = {
    'hotline_orders_open': ('hotline_order_spell', 'true'),
    'units_in_stock': ('unit_stock_spell', 'true'),
    'papers_in_process': ('papers_spell', 'is_in_process'),
    'papers_overdue': ('papers_spell', 'is_overdue'),
} %}

with measured as (
    {%- for measure, (fact, day, amount, condition) in happened.items() %}
        select
            main_dealer_id,
            dealer_id,
            {{ day }} as day,
            '{{ measure }}' as measure,
            sum({{ amount }}) as amount
        from {{ ref(fact) }}
        where {{ condition }}
        group by main_dealer_id, dealer_id, {{ day }}

        union all
    {% endfor %}
    {%- for measure, (spells, condition) in opened.items() %}
        {%- for end, change in [('lower', '1'), ('upper', '-1')] %}
            select
                main_dealer_id,
                dealer_id,
                {{ end }}(spell) as day,
                '{{ measure }}' as measure,
                sum({{ change }}) as amount
            from {{ ref(spells) }}
            where {{ condition }} and not {{ end }}_inf(spell)
            group by main_dealer_id, dealer_id, {{ end }}(spell)
            {%- if measure != 'papers_overdue' or end == 'lower' %}

                union all
            {% endif %}
        {%- endfor %}
    {%- endfor %}
),

spine as (
    select
        first_days.main_dealer_id,
        first_days.dealer_id,
        day::date as day
    from (
        select
            main_dealer_id,
            dealer_id,
            min(day) as first_day
        from measured
        group by main_dealer_id, dealer_id
    ) as first_days
    inner join {{ ref('main_dealer') }} as document on first_days.main_dealer_id = document.id
    cross join lateral generate_series(first_days.first_day, {{ local_today() }}, interval '1 day') as day
),

daily as (
    select
        spine.main_dealer_id,
        spine.dealer_id,
        spine.day,
    {%- for measure in happened | list + opened | list %}
        coalesce(sum(measured.amount) filter (where measured.measure = '{{ measure }}'), 0) as {{ measure }}
        {{- ',' if not loop.last }}
    {%- endfor %}
    from spine
    left join measured
        on
            spine.main_dealer_id = measured.main_dealer_id
            and spine.dealer_id = measured.dealer_id
            and spine.day = measured.day
    group by spine.main_dealer_id, spine.dealer_id, spine.day
)

select
    main_dealer_id,
    dealer_id,
    day,
    lead(day) over so_far is null as is_last_day,
    {%- for measure in happened %}
        {{ measure }}{{ "::bigint" if measure not in ["workshop_revenue", "parts_sales"] }} as {{ measure }},
    {%- endfor %}
{%- for measure in opened %}
    (sum({{ measure }}) over so_far)::bigint as {{ measure }}{{ ',' if not loop.last }}
{%- endfor %}
from daily
window so_far as (partition by main_dealer_id, dealer_id order by day)
