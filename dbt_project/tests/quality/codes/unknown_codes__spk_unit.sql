{{ unknown_codes('spk_unit', ['tipe_pembayaran']) }}
