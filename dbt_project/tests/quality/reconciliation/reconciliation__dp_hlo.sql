{{ reconciliation('dphlo', 'dp_hlo') }}
