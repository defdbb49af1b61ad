{#- Some main dealers repeat the number of the order letter here; it is no link to the papers then. -#}
{{ unjoined(
    'delivery_detail',
    'no_so',
    to={'document_handling': 'id_so'},
    where='linked.no_so is distinct from linked.id_spk'
) }}
