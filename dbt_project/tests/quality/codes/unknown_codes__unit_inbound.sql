{{ unknown_codes('unit_inbound', ['status_shipping_list']) }}
