{#- Each document of a dealer has one row, and that row says whose it is and which call brought it. -#}
{% test one_row_per_document(model) %}

    select dealer_id, document_key, count(*) as documents
    from {{ model }}
    group by dealer_id, document_key
    having
        count(*) > 1
        or dealer_id is null
        or document_key is null
        or count(main_dealer_id) < count(*)
        or count(content_hash) < count(*)
        or count(call_id) < count(*)
        or count(called_at) < count(*)
        or count(load_id) < count(*)

{% endtest %}
