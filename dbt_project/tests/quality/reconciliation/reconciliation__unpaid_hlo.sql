{{ reconciliation('unpaidhlo', 'unpaid_hlo') }}
