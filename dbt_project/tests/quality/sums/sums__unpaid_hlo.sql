{{ hotline_sums('unpaid_hlo', lines='unpaid_hlo_part') }}
