{{ invoice_sums('parts_invoice', lines='parts_invoice_part', per='per_parts_number') }}
