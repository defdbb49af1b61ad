{#- A chassis number in the form that joins: servers send 14 characters, or 17 with the prefix MH1. -#}
{% macro chassis(number) -%}
    regexp_replace(upper({{ number }}), '^MH1(?=.{14}$)', '')
{%- endmacro %}

{#-
    What a customer is known by within a dealer: the identity number, else the telephone number with the name, else the
    name with something that tells people of one name apart. Null without any.
-#}
{% macro customer_identity(identity_number, phone, name, else_by) -%}
    case
        when length(regexp_replace({{ identity_number }}, '[^0-9]', '', 'g')) >= 12
            then 'identity|' || regexp_replace({{ identity_number }}, '[^0-9]', '', 'g')
        when length(regexp_replace({{ phone }}, '[^0-9]', '', 'g')) >= 8
            then concat_ws(
                '|', 'phone', regexp_replace(regexp_replace({{ phone }}, '[^0-9]', '', 'g'), '^62', '0'),
                lower({{ name }})
            )
        when {{ name }} is not null then concat_ws('|', 'name', lower({{ name }}), {{ else_by }})
    end
{%- endmacro %}
