{{ unknown_codes('document_handling_unit', [
    'status_faktur_stnk',
    'jenis_id_penerima_bpkb',
    'jenis_id_penerima_stnk'
]) }}
