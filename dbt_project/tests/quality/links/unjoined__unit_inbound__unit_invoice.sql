{{ unjoined('unit_inbound', 'no_invoice', to={'unit_invoice': 'no_invoice'}) }}
