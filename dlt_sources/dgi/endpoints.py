"""The endpoints of DGI 1.3, as data: what drives the dlt resources, the raw tables, the assets and their tests.

A field is `name` or `name:type`; without a type it is text. Every document also has `dealerId`, and documents and
their lines have `createdTime` and `modifiedTime`. Types: text, code (text from a code list), number, date, time,
duration, timestamp, latitude, longitude. Adding a module is adding an entry here (source: DGI 1.3).
"""

from collections.abc import Mapping
from dataclasses import dataclass

LINE_TIMES = "createdTime:timestamp modifiedTime:timestamp"
DOCUMENT_COMMON = f"dealerId {LINE_TIMES}"


@dataclass(frozen=True)
class Endpoint:
    """One kind of document: where it is read, what identifies it and what it holds."""

    module: str
    job_type: str
    group: str  # H1 (sales) or H23 (workshop and parts): the two may lie under different bases
    label: str
    description: str
    key: tuple[str, ...]
    filters: tuple[str, ...]
    fields: Mapping[str, str]
    children: Mapping[str, Mapping[str, str]]


def _fields(text: str) -> dict[str, str]:
    pairs = (word.partition(":") for word in text.split())
    return {name: kind or "text" for name, _, kind in pairs}


def _endpoint(
    module: str,
    job_type: str,
    group: str,
    label: str,
    description: str,
    *,
    key: str,
    filters: str,
    fields: str,
    **children: str,
) -> Endpoint:
    return Endpoint(
        module=module,
        job_type=job_type,
        group=group,
        label=label,
        description=description,
        key=tuple(key.split()),
        filters=tuple(filters.split()),
        fields=_fields(f"{fields} {DOCUMENT_COMMON}"),
        children={name: _fields(f"{text} {LINE_TIMES}") for name, text in children.items()},
    )


_ALL = (
    _endpoint(
        "prsp",
        "prospect",
        "H1",
        "Prospects",
        "Prospects created or changed in the window, in every status",
        key="idProspect",
        filters="idProspect idSalesPeople",
        fields="""
            idProspect sumberProspect:code tanggalProspect:date taggingProspect namaLengkap noKontak noKtp alamat
            kodePropinsi kodeKota kodeKecamatan kodeKelurahan kodePos latitude:latitude longitude:longitude
            alamatKantor kodePropinsiKantor kodeKotaKantor kodeKecamatanKantor kodeKelurahanKantor kodePosKantor
            kodePekerjaan:code noKontakKantor tanggalAppointment:date waktuAppointment:time metodeFollowUp:code
            testRidePreference:code statusFollowUpProspecting:code statusProspect:code idSalesPeople idEvent
        """,
        unit="kodeTipeUnit salesProgramId",
    ),
    _endpoint(
        "spk",
        "spk_read",
        "H1",
        "Order letters (SPK)",
        "Order letters created or changed in the window, in every status",
        key="idSpk",
        filters="idProspect idSalesPeople",
        fields="""
            idSpk idProspect namaCustomer noKtp alamat kodePropinsi kodeKota kodeKecamatan kodeKelurahan kodePos
            noKontak namaBPKB noKTPBPKB alamatBPKB kodePropinsiBPKB kodeKotaBPKB kodeKecamatanBPKB
            kodeKelurahanBPKB kodePosBPKB latitude:latitude longitude:longitude NPWP noKK alamatKK kodePropinsiKK
            kodeKotaKK kodeKecamatanKK kodeKelurahanKK kodePosKK fax email idSalesPeople idEvent
            tanggalPesanan:date statusSPK:code
        """,
        unit="""
            kodeTipeUnit kodeWarna quantity:number hargaJual:number diskon:number amountPPN:number fakturPajak
            tipePembayaran:code jumlahTandaJadi:number tanggalPengiriman:date idSalesProgram idApparel
        """,
        dataAnggotaKeluarga="anggotaKK",
    ),
    _endpoint(
        "bast",
        "bast_read",
        "H1",
        "Deliveries (BAST)",
        "Deliveries recorded in the window",
        key="deliveryDocumentId",
        filters="deliveryDocumentId idSPK idCustomer",
        fields="deliveryDocumentId tanggalPengiriman:date idDriver statusDeliveryDocument:code",
        detail="""
            noSO idSPK noMesin noRangka idCustomer waktuPengiriman:time checklistKelengkapan lokasiPengiriman
            latitude:latitude longitude:longitude namaPenerima noKontakPenerima
        """,
    ),
    _endpoint(
        "inv1",
        "inv1_read",
        "H1",
        "Unit receipts",
        "Receipts for booking fee, down payment and settlement created in the window",
        key="idInvoice",
        filters="idSPK idCustomer",
        fields="idInvoice idSPK idCustomer amount:number tipePembayaran:code caraBayar:code status:code note",
    ),
    _endpoint(
        "lsng",
        "leasing",
        "H1",
        "Leasing applications",
        "Leasing applications that received the finance company's purchase order",
        key="idDokumenPengajuan",
        filters="idSPK",
        fields="""
            idDokumenPengajuan idSPK jumlahDP:number tenor:number jumlahCicilan:number tanggalPengajuan:date
            idFinanceCompany namaFinanceCompany idPOFinanceCompany tanggalPembuatanPO:date
            tanggalPengirimanPOFinanceCompany:date
        """,
    ),
    _endpoint(
        "doch",
        "doch_read",
        "H1",
        "STNK and BPKB papers",
        "Sales orders whose papers were at least requested from the registration bureau",
        key="idSO",
        filters="idSPK idCustomer",
        fields="idSO idSPK",
        unit="""
            nomorRangka nomorFakturSTNK tanggalPengajuanSTNKKeBiro:date statusFakturSTNK:code nomorSTNK
            tanggalPenerimaanSTNKDariBiro:date platNomor nomorBPKB tanggalPenerimaanBPKBDariBiro:date
            tanggalTerimaSTNKOlehKonsumen:date tanggalTerimaBPKBOlehKonsumen:date namaPenerimaBPKB
            namaPenerimaSTNK jenisIdPenerimaBPKB:code jenisIdPenerimaSTNK:code noIdPenerimaBPKB noIdPenerimaSTNK
        """,
    ),
    _endpoint(
        "uinb",
        "uinb_read",
        "H1",
        "Unit inbound",
        "Unit shipments whose goods receipt was submitted in the window",
        key="noShippingList noInvoice",
        filters="poId noShippingList",
        fields="noShippingList tanggalTerima:date mainDealerId noInvoice statusShippingList:code",
        unit="""
            kodeTipeUnit kodeWarna kuantitasTerkirim:number kuantitasDiterima:number noMesin noRangka
            statusRFS:code poId kelengkapanUnit noGoodsReceipt docNRFSId
        """,
    ),
    _endpoint(
        "mdinvh1",
        "mdinvh1_read",
        "H1",
        "Unit invoices",
        "Unit invoices of the main dealer that the dealer owes",
        key="noInvoice",
        filters="poId noShippingList",
        fields="""
            noInvoice tanggalInvoice:date tanggalJatuhTempo:date mainDealerId totalHargaSebelumDiskon:number
            totalDiskonPerUnit:number potonganPerInvoice:number totalPPN:number totalHarga:number
        """,
        unit="""
            kodeTipeUnit kodeWarna kuantitas:number noMesin noRangka hargaSatuanSebelumDiskon:number
            diskonPerUnit:number poId
        """,
    ),
    _endpoint(
        "pkb",
        "pkb",
        "H23",
        "Work orders (PKB)",
        "Work orders created or changed in the window, in every status",
        key="noWorkOrder",
        filters="noWorkOrder",
        fields="""
            noWorkOrder noSAForm tanggalServis:date waktuPKB:timestamp noPolisi noRangka noMesin kodeTipeUnit
            tahunMotor informasiBensin:code kmTerakhir:number tipeComingCustomer:code namaPemilik alamatPemilik
            kodePropinsiPemilik kodeKotaPemilik kodeKecamatanPemilik kodeKelurahanPemilik kodePosPemilik
            alamatPembawa kodePropinsiPembawa kodeKotaPembawa kodeKecamatanPembawa kodeKelurahanPembawa
            kodePosPembawa namaPembawa noTelpPembawa hubunganDenganPemilik:code keluhanKonsumen rekomendasiSA
            hondaIdSA hondaIdMekanik saranMekanik asalUnitEntry:code idPIT jenisPIT:code
            waktuPendaftaran:timestamp waktuSelesai:timestamp totalFRT:duration setUpPembayaran:code
            catatanTambahan konfirmasiPekerjaanTambahan:code noBukuClaimC2 noWorkOrderJobReturn
            totalBiayaService:number waktuPekerjaan:duration statusWorkOrder:code
        """,
        services="""
            idJob namaPekerjaan jenisPekerjaan biayaService:number promoIdJasa discServiceAmount:number
            discServicePercentage:number totalHargaServis:number
        """,
        parts="""
            idJob partsNumber kuantitas:number hargaParts:number promoIdParts discPartsAmount:number
            discPartsPercentage:number ppn:number totalHargaParts:number uangMuka:number
        """,
    ),
    _endpoint(
        "inv2",
        "inv2_read",
        "H23",
        "Workshop invoices",
        "Service notes (NJB) and parts notes (NSC), one record a work order",
        key="noWorkOrder",
        filters="noWorkOrder",
        fields="""
            noWorkOrder noNJB tanggalNJB:timestamp totalHargaNJB:number noNSC tanggalNSC:timestamp
            totalHargaNSC:number hondaIdSA hondaIdMekanik
        """,
        njb="""
            idJob hargaServis:number promoIdJasa discServiceAmount:number discServicePercentage:number
            totalHargaServis:number
        """,
        nsc="""
            idJob partsNumber kuantitas:number hargaParts:number promoIdParts discPartsAmount:number
            discPartsPercentage:number ppn:number totalHargaParts:number uangMuka:number
        """,
    ),
    _endpoint(
        "unpaidhlo",
        "unpaidhlo_read",
        "H23",
        "Unpaid hotline orders",
        "Hotline orders not yet paid; a paid one just stops coming",
        key="idHLODocument",
        filters="noWorkOrder idHLODocument",
        fields="""
            idHLODocument tanggalPemesananHLO:date noWorkOrder noBukuClaimC2 noKTP namaCustomer alamat
            kodePropinsi kodeKota kodeKecamatan kodeKelurahan kodePos noKontak kodeTipeUnit tahunMotor noMesin
            noRangka flagNumbering:code vehicleOffRoad:code jobReturn:code
        """,
        parts="""
            partsNumber kuantitas:number hargaParts:number totalHargaParts:number uangMuka:number sisaBayar:number
        """,
    ),
    _endpoint(
        "dphlo",
        "dphlo_read",
        "H23",
        "Hotline order deposits",
        "Deposit invoices for hotline orders",
        key="noInvoiceUangJaminan",
        filters="noWorkOrder idHLODocument",
        fields="noInvoiceUangJaminan idHLODocument tanggalPemesananHLO:date noWorkOrder idCustomer",
        parts="""
            partsNumber kuantitas:number hargaParts:number totalHargaParts:number uangMuka:number sisaBayar:number
        """,
    ),
    _endpoint(
        "pinb",
        "parts_inbound",
        "H23",
        "Parts inbound",
        "Parts receipts that reached goods receipt in the window",
        key="noPenerimaan",
        filters="noPO",
        fields="noPenerimaan tglPenerimaan:date noShippingList",
        po="noPO jenisOrder:code idWarehouse partsNumber kuantitas:number uom",
    ),
    _endpoint(
        "prsl",
        "prsl_read",
        "H23",
        "Parts sales",
        "Parts sales orders created in the window",
        key="noSO",
        filters="noPO",
        fields="noSO tglSO:date idCustomer namaCustomer discSO:number totalHargaSO:number",
        parts="""
            partsNumber kuantitas:number hargaParts:number promoIdParts discAmount:number discPercentage:number
            ppn:number totalHargaParts:number uangMuka:number bookingIdReference
        """,
    ),
    _endpoint(
        "mdinvh3",
        "mdinvh3_read",
        "H23",
        "Parts invoices",
        "Parts invoices of the main dealer that the dealer owes",
        key="noInvoice",
        filters="noPO",
        fields="""
            noInvoice tglInvoice:date tglJatuhTempo:date mainDealerId totalHargaSebelumDiskon:number
            totalDiskonPerPartsNumber:number potonganPerInvoice:number totalPPN:number totalHarga:number
        """,
        parts="""
            noPO jenisOrder:code partsNumber kuantitas:number uom hargaSatuanSebelumDiskon:number
            diskonPerPartsNumber:number
        """,
    ),
)

ENDPOINTS: Mapping[str, Endpoint] = {endpoint.module: endpoint for endpoint in _ALL}
