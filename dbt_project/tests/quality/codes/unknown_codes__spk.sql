{{ unknown_codes('spk', ['status_spk']) }}
