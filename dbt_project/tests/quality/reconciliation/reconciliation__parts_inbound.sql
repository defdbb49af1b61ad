{{ reconciliation('pinb', 'parts_inbound') }}
