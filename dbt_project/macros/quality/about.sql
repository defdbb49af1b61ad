{#-
    Checks of quality are singular tests under tests/quality. Each gives rows of (main_dealer_id, dealer_id, what, count)
    and fails by the sum of `count`. They read whole tables, so they carry the tag `quality` and stay out of transforms.

    This says which model a check concerns, where Dagster shows it, and what it looks for.
-#}
{% macro concerns(table, description) %}
    {{ config(meta={'dagster': {'ref': {'name': table}}, 'description': description}) }}
{% endmacro %}
