{{ unjoined('spk', 'id_prospect', to={'prospect': 'id_prospect'}) }}
