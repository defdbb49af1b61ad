{{ unknown_codes('billing', ['tipe_pembayaran', 'cara_bayar', 'status']) }}
