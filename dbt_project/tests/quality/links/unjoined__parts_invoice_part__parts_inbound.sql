{{ unjoined('parts_invoice_part', 'no_po', to={'parts_inbound_item': 'no_po'}) }}
