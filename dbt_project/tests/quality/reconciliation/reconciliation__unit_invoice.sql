{{ reconciliation('mdinvh1', 'unit_invoice') }}
