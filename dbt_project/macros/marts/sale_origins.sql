{#- Where a sale of parts comes from. -#}
{% macro sale_origin_label(is_from_hotline_order) -%}
    case when {{ is_from_hotline_order }} then 'Hotline order' else 'Counter' end
{%- endmacro %}
