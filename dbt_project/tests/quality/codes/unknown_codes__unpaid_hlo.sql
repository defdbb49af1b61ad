{{ unknown_codes('unpaid_hlo', ['flag_numbering', 'vehicle_off_road', 'job_return']) }}
