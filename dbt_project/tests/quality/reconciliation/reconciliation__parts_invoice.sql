{{ reconciliation('mdinvh3', 'parts_invoice') }}
