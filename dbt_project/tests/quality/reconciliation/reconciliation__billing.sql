{{ reconciliation('inv1', 'billing') }}
