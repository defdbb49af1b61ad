{{ unjoined(
    'parts_sale_part',
    'booking_id_reference',
    to={'unpaid_hlo': 'id_hlo_document', 'dp_hlo': 'id_hlo_document'}
) }}
