{{ reconciliation('lsng', 'leasing') }}
