{{ reconciliation('spk', 'spk') }}
