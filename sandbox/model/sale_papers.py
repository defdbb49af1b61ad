"""Registration papers of delivered units (doch): every step at the bureau or the counter is a change of its own day."""

from typing import TYPE_CHECKING, Any

from sandbox.model.journey import Document, work_moment
from sandbox.times import DAY, date_text

if TYPE_CHECKING:
    from sandbox.model.sale import Sale

REQUESTED, AT_BUREAU, STNK_DONE, STNK_HANDED, BPKB_DONE, BPKB_HANDED = range(6)


def plan_papers(sale: "Sale", requested: int) -> None:
    """Plan the steps; some papers stop half-way, as those that nobody fetches do."""
    rng = sale.rng
    draw = rng.random
    at_bureau = work_moment(requested // DAY + 1, rng)
    stnk = work_moment(at_bureau // DAY + 10 + int(draw() * 14), rng)
    stnk_handed = work_moment(stnk // DAY + 1 + int(draw() ** 2 * 9), rng)
    bpkb = work_moment(max(at_bureau // DAY + 26 + int(draw() * 26), stnk_handed // DAY + 1), rng)
    bpkb_handed = work_moment(bpkb // DAY + 1 + int(draw() ** 2 * 14), rng)
    steps = (at_bureau, stnk, stnk_handed, bpkb, bpkb_handed)
    stop = draw()
    reached = 1 if stop < 0.02 else 2 if stop < 0.05 else 3 if stop < 0.08 else 4 if stop < 0.16 else 5
    sale.add("doch", requested, steps[:reached])


def papers_record(sale: "Sale", document: Document, version: int) -> dict[str, Any]:
    """The papers of all units of the order, as far as they got by a version."""
    facts = sale.facts
    customer = facts.customer
    days = [date_text(moment // DAY) for moment in document.changes[:version]] + [""] * (BPKB_HANDED - version)
    has_stnk, has_bpkb = version >= STNK_DONE, version >= BPKB_DONE
    stnk_handed, bpkb_handed = version >= STNK_HANDED, version >= BPKB_HANDED
    units = []
    for place, unit in enumerate(sale.units):
        number = unit.chassis[-6:]
        units.append(
            {
                "nomorRangka": unit.chassis,
                "nomorFakturSTNK": f"FH/{unit.type.family[:2]}/{sale.serial:05d}{place}{number}/T",
                "tanggalPengajuanSTNKKeBiro": days[AT_BUREAU - 1],
                "statusFakturSTNK": str(version + 1),
                "nomorSTNK": f"{sale.serial % 100:02d}{number}/{sale.dealer.city.plate}" if has_stnk else "",
                "tanggalPenerimaanSTNKDariBiro": days[STNK_DONE - 1],
                "platNomor": facts.plates[place].replace(" ", "") if has_stnk else "",
                "nomorBPKB": f"{unit.chassis[6]}{sale.serial % 100:02d}{number}" if has_bpkb else "",
                "tanggalPenerimaanBPKBDariBiro": days[BPKB_DONE - 1],
                "tanggalTerimaSTNKOlehKonsumen": days[STNK_HANDED - 1],
                "tanggalTerimaBPKBOlehKonsumen": days[BPKB_HANDED - 1],
                "namaPenerimaBPKB": customer.name if bpkb_handed else "",
                "namaPenerimaSTNK": customer.name if stnk_handed else "",
                "jenisIdPenerimaBPKB": "1" if bpkb_handed else "",
                "jenisIdPenerimaSTNK": "1" if stnk_handed else "",
                "noIdPenerimaBPKB": customer.identity if bpkb_handed else "",
                "noIdPenerimaSTNK": customer.identity if stnk_handed else "",
            }
        )
    return {"idSO": sale.papers_number(document), "idSPK": sale.order_number, "unit": units}
