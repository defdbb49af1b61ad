{{ reconciliation('uinb', 'unit_inbound') }}
