{{ unjoined('leasing', 'id_spk', to={'spk': 'id_spk'}) }}
