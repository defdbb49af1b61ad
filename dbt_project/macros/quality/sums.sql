{#-
    Sums of the lines of a document, per document. DGI rounds each line to a full amount, so a rupiah for each line and
    one for the document are tolerated.
-#}
{% macro line_sums(table, document, sums) -%}
    select
        {{ document }}_id as id,
        {%- for name, amount in sums.items() %}
        coalesce(sum({{ amount }}), 0) as {{ name }},
        {%- endfor %}
        count(*) + 1 as tolerance
    from {{ ref(table) }}
    group by {{ document }}_id
{%- endmacro %}


{#-
    Documents of a main dealer's invoice whose amounts do not add up. The VAT rate is not checked: it changes with the
    law, and the document does not say it. `per` ends the names of the two discount columns.
-#}
{% macro invoice_sums(table, lines, per) %}
    {{ concerns(table, 'Totals before and of discounts are the sums of the lines, and total_harga is made of its parts') }}

    with lines as (
        {{ line_sums(lines, table, {
            'before': 'kuantitas * harga_satuan_sebelum_diskon',
            'discount': 'kuantitas * diskon_' ~ per
        }) }}
    )

    select document.main_dealer_id, document.dealer_id, compared.what, count(*) as count
    from {{ ref(table) }} as document
    left join lines using (id)
    cross join lateral (
        values
            (
                'total_harga_sebelum_diskon is not the sum of the lines',
                document.total_harga_sebelum_diskon - coalesce(lines.before, 0)
            ),
            (
                'total_diskon_{{ per }} is not the sum of the lines',
                document.total_diskon_{{ per }} - coalesce(lines.discount, 0)
            ),
            (
                'total_harga is not before - discounts - deduction + VAT',
                document.total_harga - document.total_harga_sebelum_diskon
                + coalesce(document.total_diskon_{{ per }}, 0) + coalesce(document.potongan_per_invoice, 0)
                - coalesce(document.total_ppn, 0)
            )
    ) as compared (what, difference)
    where not document.is_deleted_at_source and abs(compared.difference) > coalesce(lines.tolerance, 1)
    group by 1, 2, 3
{% endmacro %}


{#- Lines of a hotline order, or of its deposit, whose amounts do not add up; the documents have no totals. -#}
{% macro hotline_sums(table, lines) %}
    {{ concerns(table, 'Lines cost quantity x price, and what remains to be paid is that less the deposit') }}

    select line.main_dealer_id, line.dealer_id, compared.what, count(*) as count
    from {{ ref(lines) }} as line
    inner join {{ ref(table) }} as document on line.{{ table }}_id = document.id
    cross join lateral (
        values
            ('total_harga_parts is not kuantitas x harga_parts', total_harga_parts - kuantitas * harga_parts),
            ('sisa_bayar is not total_harga_parts - uang_muka', sisa_bayar - total_harga_parts + coalesce(uang_muka, 0))
    ) as compared (what, difference)
    where not document.is_deleted_at_source and abs(compared.difference) > 1
    group by 1, 2, 3
{% endmacro %}
