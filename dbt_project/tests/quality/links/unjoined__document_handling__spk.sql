{{ unjoined('document_handling', 'id_spk', to={'spk': 'id_spk'}) }}
