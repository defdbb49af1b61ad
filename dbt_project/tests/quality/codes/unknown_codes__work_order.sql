{{ unknown_codes('work_order', [
    'informasi_bensin',
    'tipe_coming_customer',
    'hubungan_dengan_pemilik',
    'asal_unit_entry',
    'jenis_pit',
    'set_up_pembayaran',
    'konfirmasi_pekerjaan_tambahan',
    'status_work_order'
]) }}
