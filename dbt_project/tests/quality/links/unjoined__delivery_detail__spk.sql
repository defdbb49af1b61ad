{{ unjoined('delivery_detail', 'id_spk', to={'spk': 'id_spk'}) }}
