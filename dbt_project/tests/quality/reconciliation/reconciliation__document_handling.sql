{{ reconciliation('doch', 'document_handling') }}
