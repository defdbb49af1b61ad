{#-
    Names of the fields of a document that hold something which cannot be read as what they are. The document keeps its
    place and the field is null; this is how one still sees that it was not empty.

    Arguments are lists of fields by kind: number, date, time, timestamp, duration, coordinate, lines.
-#}
{% macro unread_fields() -%}
    {{ _unread_of('document', kwargs) }}
{%- endmacro %}

{#- The same for the fields of a document's lines, named with the line's number: unit[1].hargaJual. -#}
{% macro unread_line_fields(lines) -%}
    array(
        select format('{{ lines }}[%s].%s', line.number, unread.field)
        from jsonb_array_elements(staging.dgi_lines(document -> '{{ lines }}')) with ordinality as line (value, number)
        cross join lateral (select {{ _unread_of('line.value', kwargs) }} as fields) as of_line
        cross join unnest(of_line.fields) with ordinality as unread (field, position)
        where of_line.fields <> '{}'
        order by line.number, unread.position
    )
{%- endmacro %}

{% macro _unread_of(document, fields_by_kind) -%}
    {#- A zone does not decide whether a time can be read. -#}
    {%- set readers = {'timestamp': 'local_time'} -%}
    array_remove(array[
        {%- for kind, fields in fields_by_kind.items() %}
        {%- for field in fields %}
        case
            when staging.dgi_{{ readers.get(kind, kind) }}({{ document }} -> '{{ field }}') is null
                and staging.dgi_text({{ document }} -> '{{ field }}') is not null
                then '{{ field }}'
        end
        {%- if not loop.last %},{% endif %}
        {%- endfor %}
        {%- if not loop.last %},{% endif %}
        {%- endfor %}
    ], null)
{%- endmacro %}
