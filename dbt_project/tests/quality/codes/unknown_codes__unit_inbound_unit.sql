{{ unknown_codes('unit_inbound_unit', ['status_rfs']) }}
