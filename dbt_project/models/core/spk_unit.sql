{{ config(meta={
    'module': 'spk',
    'document': 'spk',
    'indexes': [
        'kode_tipe_unit',
        'dealer_id',
        'main_dealer_id'
    ]
}) }}

select
    -- identity
    {{ line_id('unit') }} as id,
    document.id as spk_id,
    line.number::int as line_number,
    document.main_dealer_id,
    document.dealer_id,
    document.document_key,

    -- line
    staging.dgi_text(line.value -> 'kodeTipeUnit') as kode_tipe_unit,
    staging.dgi_text(line.value -> 'kodeWarna') as kode_warna,
    staging.dgi_number(line.value -> 'quantity') as quantity,
    staging.dgi_number(line.value -> 'hargaJual') as harga_jual,
    staging.dgi_number(line.value -> 'diskon') as diskon,
    staging.dgi_number(line.value -> 'amountPPN') as amount_ppn,
    staging.dgi_text(line.value -> 'fakturPajak') as faktur_pajak,
    staging.dgi_text(line.value -> 'tipePembayaran') as tipe_pembayaran,
    {{ label('spk.tipePembayaran', "staging.dgi_text(line.value -> 'tipePembayaran')") }} as tipe_pembayaran_label,
    staging.dgi_number(line.value -> 'jumlahTandaJadi') as jumlah_tanda_jadi,
    staging.dgi_date(line.value -> 'tanggalPengiriman') as tanggal_pengiriman,
    staging.dgi_text(line.value -> 'idSalesProgram') as id_sales_program,
    staging.dgi_text(line.value -> 'idApparel') as id_apparel,

    -- at the main dealer
    staging.dgi_timestamp(line.value -> 'createdTime', received.time_zone) as created_time,
    staging.dgi_timestamp(line.value -> 'modifiedTime', received.time_zone) as modified_time
from {{ ref('spk') }} as document
inner join {{ ref('stg_dgi__spk') }} as received using (dealer_id, document_key)
cross join lateral jsonb_array_elements(received.unit) with ordinality as line (value, number)
