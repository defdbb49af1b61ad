{{ reconciliation('bast', 'delivery') }}
