{#-
    Codes in a table that stand for themselves because the seed code_label has no label for them. A word that is a label
    there was sent in its code's place and is known.
-#}
{% macro unknown_codes(table, fields) %}
    {{ concerns(table, 'Every code in ' ~ table ~ ' has a label; add those that lack one to the seed code_label') }}

    with coded as (
        select coded.main_dealer_id, coded.dealer_id, field.name, field.code, count(*) as count
        from {{ ref(table) }} as coded
        cross join lateral (
            values
            {%- for field in fields %}
                ('{{ field }}', {{ field }}, {{ field }}_label){{ ',' if not loop.last }}
            {%- endfor %}
        ) as field (name, code, label)
        where field.code = field.label
        group by 1, 2, 3, 4
    )

    select main_dealer_id, dealer_id, format('%s: %s', name, code) as what, count
    from coded
    where not exists (
        select from {{ ref('code_label') }} as known
        where lower(known.label) = lower(coded.code)
    )
{% endmacro %}
