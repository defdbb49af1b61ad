{#- The id of a document: the same for the same document, for ever. -#}
{% macro document_id(module) -%}
    md5(concat_ws('|', '{{ module }}', document.main_dealer_id, document.dealer_id, document.document_key))::uuid
{%- endmacro %}

{#- The id of a line: its place in its document, since lines have no key of their own and may repeat exactly. -#}
{% macro line_id(lines) -%}
    md5(concat_ws('|', document.id, '{{ lines }}', line.number))::uuid
{%- endmacro %}

{#-
    What a code means, by the seed code_label: the main dealer's own label before the common one. A code without a label,
    and a word that was sent in a code's place, stands for itself.
-#}
{% macro label(list, code) -%}
    coalesce(
        (
            select known.label
            from {{ ref('code_label') }} as known
            where
                known.list = '{{ list }}'
                and known.code = {{ code }}
                and coalesce(known.main_dealer_id, document.main_dealer_id) = document.main_dealer_id
            order by known.main_dealer_id nulls last
            limit 1
        ),
        {{ code }}
    )
{%- endmacro %}
