{{ unjoined('dp_hlo', 'id_hlo_document', to={'unpaid_hlo': 'id_hlo_document'}) }}
