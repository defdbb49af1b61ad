{#- Bands that charts break amounts and ages down by. They begin with a number so that they sort as they should. -#}

{% macro age_band(days, limits) -%}
    case
        {%- for limit in limits %}
        when {{ days }} <= {{ limit }}
            then '{{ loop.index }}. {{ 0 if loop.first else limits[loop.index0 - 1] + 1 }}-{{ limit }} days'
        {%- endfor %}
        when {{ days }} is not null then '{{ limits | length + 1 }}. over {{ limits[-1] }} days'
    end
{%- endmacro %}

{#- Where a due date stands, as seen from a day. -#}
{% macro due_bucket(due_on, today) -%}
    case
        when {{ due_on }} is null then '6. no due date'
        when {{ due_on }} < {{ today }} - 30 then '1. over 30 days past'
        when {{ due_on }} < {{ today }} then '2. 1-30 days past'
        when {{ due_on }} <= {{ today }} + 7 then '3. due within 7 days'
        when {{ due_on }} <= {{ today }} + 30 then '4. due in 8-30 days'
        else '5. due later'
    end
{%- endmacro %}

{% macro down_payment_band(amount) -%}
    case
        when {{ amount }} < 2000000 then '1. below 2 million'
        when {{ amount }} < 4000000 then '2. 2 to 4 million'
        when {{ amount }} < 6000000 then '3. 4 to 6 million'
        when {{ amount }} < 10000000 then '4. 6 to 10 million'
        when {{ amount }} is not null then '5. 10 million and more'
    end
{%- endmacro %}
