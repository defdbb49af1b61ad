{#-
    Rows of a table whose link is filled and leads to no row of the same dealer. `to` maps each table that it may lead to
    to its column; `where` leaves out rows whose link is no link. Rows of deleted documents count on both sides. Links to
    documents from before the first pull stay open for ever: DGI gives out the last 30 days only.
-#}
{% macro unjoined(table, column, to, where='true') %}
    {{ concerns(table, 'Every ' ~ column ~ ' of ' ~ table ~ ' leads to a row of ' ~ to.keys() | join(' or ')) }}

    select
        linked.main_dealer_id,
        linked.dealer_id,
        '{{ column }} without its {{ to.keys() | join(" or ") }}' as what,
        count(*) as count
    from {{ ref(table) }} as linked
    where
        linked.{{ column }} is not null
        and {{ where }}
        {%- for other, its_column in to.items() %}
        and not exists (
            select from {{ ref(other) }} as other
            where other.dealer_id = linked.dealer_id and other.{{ its_column }} = linked.{{ column }}
        )
        {%- endfor %}
    group by 1, 2
{% endmacro %}
