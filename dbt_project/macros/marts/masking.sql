{#- What is left of personal data in the marts. The whole of it is in schema restricted. -#}

{#-
  Initials of a name: "Sari Wulandari" becomes "S. W."; null stays null. What follows the last letter is cut off first:
  some write a telephone number into the name.
-#}
{% macro initials(name) -%}
    {%- set letters = "regexp_replace(upper(" ~ name ~ "), '[^[:alpha:]]+$', '')" -%}
    nullif(btrim(regexp_replace({{ letters }}, '[^[:alpha:]]*([[:alpha:]])[^[:space:]]*', '\1. ', 'g')), '')
{%- endmacro %}

{#- The last three characters of a telephone number, the others as stars; a number that short is all stars. -#}
{% macro masked_phone(phone) -%}
    case
        when length({{ phone }}) > 6 then repeat('*', length({{ phone }}) - 3) || right({{ phone }}, 3)
        else repeat('*', length({{ phone }}))
    end
{%- endmacro %}
