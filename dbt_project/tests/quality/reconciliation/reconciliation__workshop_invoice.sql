{{ reconciliation('inv2', 'workshop_invoice') }}
