{#- The local day, at the main dealer, of a moment in a document. -#}
{% macro local_day(moment) -%}
    ({{ moment }} at time zone document.time_zone)::date
{%- endmacro %}

{#- Today at the document's main dealer when the marts are built. -#}
{% macro local_today() -%}
    (now() at time zone document.time_zone)::date
{%- endmacro %}

{#- The local day on which a document was created; the day on which it was fetched when its time is missing. -#}
{% macro created_day() -%}
    {{ local_day('coalesce(document.created_time, document.received_at)') }}
{%- endmacro %}
