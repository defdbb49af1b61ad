{{ unknown_codes('parts_inbound_item', ['jenis_order']) }}
