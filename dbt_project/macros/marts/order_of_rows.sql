{#-
    The rows of a mart lie in the order of its date (`meta.date`). People look at a month: its rows are then in neighbouring
    pages, a fifteenth of those that they were scattered over. Sorting costs what making the index of the date saves.

    dbt takes this in place of its own for a table whose contract it enforces.
-#}
{% macro postgres__get_select_subquery(sql) %}
    {{ default__get_select_subquery(sql) }}
    {%- if model.config.meta.date %}
    order by {{ model.config.meta.date }}
    {%- endif %}
{% endmacro %}
