{{ config(meta={
    'module': 'doch',
    'document': 'document_handling',
    'indexes': [
        'nomor_rangka',
        'plat_nomor',
        'dealer_id',
        'main_dealer_id'
    ]
}) }}

select
    -- identity
    {{ line_id('unit') }} as id,
    document.id as document_handling_id,
    line.number::int as line_number,
    document.main_dealer_id,
    document.dealer_id,
    document.document_key,

    -- line
    staging.dgi_text(line.value -> 'nomorRangka') as nomor_rangka,
    staging.dgi_text(line.value -> 'nomorFakturSTNK') as nomor_faktur_stnk,
    staging.dgi_date(line.value -> 'tanggalPengajuanSTNKKeBiro') as tanggal_pengajuan_stnk_ke_biro,
    staging.dgi_text(line.value -> 'statusFakturSTNK') as status_faktur_stnk,
    {{ label('statusFakturSTNK', "staging.dgi_text(line.value -> 'statusFakturSTNK')") }} as status_faktur_stnk_label,
    staging.dgi_text(line.value -> 'nomorSTNK') as nomor_stnk,
    staging.dgi_date(line.value -> 'tanggalPenerimaanSTNKDariBiro') as tanggal_penerimaan_stnk_dari_biro,
    staging.dgi_text(line.value -> 'platNomor') as plat_nomor,
    staging.dgi_text(line.value -> 'nomorBPKB') as nomor_bpkb,
    staging.dgi_date(line.value -> 'tanggalPenerimaanBPKBDariBiro') as tanggal_penerimaan_bpkb_dari_biro,
    staging.dgi_date(line.value -> 'tanggalTerimaSTNKOlehKonsumen') as tanggal_terima_stnk_oleh_konsumen,
    staging.dgi_date(line.value -> 'tanggalTerimaBPKBOlehKonsumen') as tanggal_terima_bpkb_oleh_konsumen,
    staging.dgi_text(line.value -> 'namaPenerimaBPKB') as nama_penerima_bpkb,
    staging.dgi_text(line.value -> 'namaPenerimaSTNK') as nama_penerima_stnk,
    staging.dgi_text(line.value -> 'jenisIdPenerimaBPKB') as jenis_id_penerima_bpkb,
    {{ label('jenisIdPenerima', "staging.dgi_text(line.value -> 'jenisIdPenerimaBPKB')") }}
        as jenis_id_penerima_bpkb_label,
    staging.dgi_text(line.value -> 'jenisIdPenerimaSTNK') as jenis_id_penerima_stnk,
    {{ label('jenisIdPenerima', "staging.dgi_text(line.value -> 'jenisIdPenerimaSTNK')") }}
        as jenis_id_penerima_stnk_label,
    staging.dgi_text(line.value -> 'noIdPenerimaBPKB') as no_id_penerima_bpkb,
    staging.dgi_text(line.value -> 'noIdPenerimaSTNK') as no_id_penerima_stnk,

    -- at the main dealer
    staging.dgi_timestamp(line.value -> 'createdTime', received.time_zone) as created_time,
    staging.dgi_timestamp(line.value -> 'modifiedTime', received.time_zone) as modified_time
from {{ ref('document_handling') }} as document
inner join {{ ref('stg_dgi__doch') }} as received using (dealer_id, document_key)
cross join lateral jsonb_array_elements(received.unit) with ordinality as line (value, number)
