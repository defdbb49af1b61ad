{{ unknown_codes('delivery', ['status_delivery_document']) }}
