{{ hotline_sums('dp_hlo', lines='dp_hlo_part') }}
