{{ unjoined('billing', 'id_spk', to={'spk': 'id_spk'}) }}
