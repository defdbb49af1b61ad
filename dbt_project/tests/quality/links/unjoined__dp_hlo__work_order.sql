{{ unjoined('dp_hlo', 'no_work_order', to={'work_order': 'no_work_order'}) }}
