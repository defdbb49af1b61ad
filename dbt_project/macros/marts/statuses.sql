{#-
    Whether a coded column has a meaning that metrics are defined by, told by its label and not by its code: a main
    dealer may have codes of its own or send the word itself. False when there is no value.
-#}
{% macro is_status(column, meaning) -%}
    {%- set labels = {
        'deal': ['deal'],
        'not deal': ['not deal', 'no deal'],
        'hot': ['hot'],
        'done': ['done'],
        'indent': ['indent'],
        'cancelled': ['cancelled', 'canceled', 'cancel'],
        'closed': ['closed', 'close'],
        'cash': ['cash'],
        'finished': ['finished', 'finish'],
        'in progress': ['start', 'started', 'pause', 'paused', 'pending'],
        'completed': ['completed', 'complete'],
        'back to dealer': ['back to dealer'],
        'not ready': ['not ready', 'not ready for sale'],
        'yes': ['yes'],
    } -%}
    coalesce(lower({{ column }}_label) in ('{{ labels[meaning] | join("', '") }}'), false)
{%- endmacro %}
