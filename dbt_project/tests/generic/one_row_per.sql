{#- The grain of a model: no two rows have the same values in these columns, nulls taken as equal. -#}
{% test one_row_per(model, columns) %}

    select {{ columns | join(', ') }}
    from {{ model }}
    group by {{ columns | join(', ') }}
    having count(*) > 1

{% endtest %}
