{{ unjoined('workshop_invoice', 'no_work_order', to={'work_order': 'no_work_order'}) }}
