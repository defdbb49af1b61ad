{{ reconciliation('prsp', 'prospect') }}
