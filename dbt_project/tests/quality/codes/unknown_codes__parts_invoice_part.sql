{{ unknown_codes('parts_invoice_part', ['jenis_order']) }}
