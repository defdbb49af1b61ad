{{ invoice_sums('unit_invoice', lines='unit_invoice_unit', per='per_unit') }}
