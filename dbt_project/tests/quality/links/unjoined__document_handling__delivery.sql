{{ unjoined('document_handling', 'id_so', to={'delivery_detail': 'no_so'}) }}
