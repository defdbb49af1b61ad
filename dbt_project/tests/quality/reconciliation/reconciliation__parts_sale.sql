{{ reconciliation('prsl', 'parts_sale') }}
