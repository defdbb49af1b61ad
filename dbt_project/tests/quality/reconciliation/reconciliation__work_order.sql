{{ reconciliation('pkb', 'work_order') }}
