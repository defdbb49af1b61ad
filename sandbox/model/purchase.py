"""Units bought from the main dealer: the invoice (mdinvh1) and the shipment that follows it (uinb).

A dealer orders every few days what it is about to sell: the units on an invoice are those of the sales begun in the
days after it. So every delivered chassis was invoiced and received before.
"""

from functools import lru_cache
from typing import Any, ClassVar

from sandbox.catalogue import VAT_PERCENT
from sandbox.fleet import Dealer
from sandbox.model.journey import Document, Journey, work_moment
from sandbox.model.sale import Sale
from sandbox.model.vehicles import UNITS_PER_SALE, Unit, draw_type, sold_unit
from sandbox.model.volume import Kind, journeys_on
from sandbox.times import DAY, date_text, is_sunday, month_text

UNITS_AN_INVOICE = 8
_LEAD_DAYS = 5
"""From the invoice to the first day its units may be asked for."""
_KIT = "Helm, Aki, Spion, BPPSG, toolkit"


@lru_cache(maxsize=512)
def units_for_sales_of(dealer: Dealer, day: int) -> tuple[Unit, ...]:
    """The units of the sales begun on a day that end in a delivery."""
    units: list[Unit] = []
    for number in range(journeys_on(dealer, Kind.SALE, day)):
        sale = Sale(dealer, day, number)
        if sale.deal and not sale.cancelled:
            units.extend(sale.units)
    return tuple(units)


def order_days(dealer: Dealer) -> int:
    """Days between a dealer's purchases: large dealers buy more often."""
    return 2 if dealer.size > 1.2 else 3 if dealer.size > 0.7 else 5


@lru_cache(maxsize=512)
def units_bought_on(dealer: Dealer, day: int) -> tuple[Unit, ...]:
    """The units invoiced on a day; none on most days."""
    every = order_days(dealer)
    if (day + dealer.number) % every:
        return ()
    units: list[Unit] = []
    for ahead in range(every):
        units.extend(units_for_sales_of(dealer, day + _LEAD_DAYS + ahead))
    rng = dealer.stream(Kind.PURCHASE, day, 0xFFFFF)
    if rng.random() < 0.12:
        # One for the showroom, which nobody buys.
        units.append(sold_unit(dealer, day, 0, UNITS_PER_SALE - 1, *draw_type(rng)))
    return tuple(units)


def purchases_on(dealer: Dealer, day: int) -> int:
    """Invoices that begin on a day."""
    return -(-len(units_bought_on(dealer, day)) // UNITS_AN_INVOICE)


class Purchase(Journey):
    """One invoice and its shipment."""

    kind = Kind.PURCHASE
    reach = 25
    modules: ClassVar[tuple[str, ...]] = ("mdinvh1", "uinb")

    def plan(self) -> None:
        """Invoice in the afternoon, goods receipt within four days, some units put right later."""
        rng = self.rng
        draw = rng.random
        self.invoiced = (self.day + is_sunday(self.day)) * DAY + int((15.5 + draw() * 3) * 3600)
        self.due_days = 30
        deferred = (self.invoiced + 3 * DAY + int(draw() * 7 * DAY),) if draw() < 0.06 else ()
        self.add("mdinvh1", self.invoiced, deferred)
        received = work_moment(self.invoiced // DAY + 1 + int(draw() * 2), rng, 9, 16)
        trouble = draw()
        self.short, self.not_ready = trouble < 0.04, 0.04 <= trouble < 0.12
        mended = (work_moment(received // DAY + 2 + int(draw() * 4), rng),) if trouble < 0.12 else ()
        self.add("uinb", received, mended)
        self.grouped = draw() < 0.12

    @property
    def units(self) -> tuple[Unit, ...]:
        """The units of this invoice."""
        first = self.number * UNITS_AN_INVOICE
        return units_bought_on(self.dealer, self.day)[first : first + UNITS_AN_INVOICE]

    def purchase_order(self, place: int) -> str:
        """The order that unit `place` was on; long invoices carry two."""
        letter = "A" if place < 5 else "B"
        return f"PO/{self.dealer.id}/{month_text(self.day - 2)}/{self.serial:04d}{letter}"

    def price(self, unit: Unit) -> tuple[int, int]:
        """Price and discount of one unit, the same for all units of a type and colour on the invoice."""
        price = int(unit.type.price * 0.86) // 10_000 * 10_000
        return price, 50_000 * ((self.serial * 7 + len(unit.colour + unit.type.code)) % 9)

    def mdinvh1(self, document: Document, version: int) -> dict[str, Any]:
        """The invoice; some have units of a kind on one line, then without chassis. A later version is due later."""
        lines: dict[tuple[object, ...], dict[str, Any]] = {}
        for place, unit in enumerate(self.units):
            order = self.purchase_order(place)
            same = (unit.type.code, unit.colour, order) if self.grouped else (place,)
            if same in lines:
                lines[same].update(kuantitas=lines[same]["kuantitas"] + 1, noMesin="", noRangka="")
                continue
            price, discount = self.price(unit)
            lines[same] = {
                "kodeTipeUnit": unit.type.code,
                "kodeWarna": unit.colour,
                "kuantitas": 1,
                "noMesin": unit.engine,
                "noRangka": unit.chassis,
                "hargaSatuanSebelumDiskon": float(price),
                "diskonPerUnit": float(discount),
                "poId": order,
            }
        before = sum(line["kuantitas"] * line["hargaSatuanSebelumDiskon"] for line in lines.values())
        discounts = sum(line["kuantitas"] * line["diskonPerUnit"] for line in lines.values())
        deduction = 500_000.0 if self.serial % 4 == 0 else 0.0
        tax = float(round((before - discounts - deduction) * VAT_PERCENT / 100))
        due = self.invoiced // DAY + self.due_days + 7 * version
        return {
            "noInvoice": self.document_number("IN", document),
            "tanggalInvoice": date_text(self.invoiced // DAY),
            "tanggalJatuhTempo": date_text(due),
            "mainDealerId": self.dealer.main_dealer.id,
            "totalHargaSebelumDiskon": before,
            "totalDiskonPerUnit": discounts,
            "potonganPerInvoice": deduction,
            "totalPPN": tax,
            "totalHarga": before - discounts - deduction + tax,
            "unit": list(lines.values()),
        }

    def uinb(self, document: Document, version: int) -> dict[str, Any]:
        """The shipment as received: one unit may be missing or not ready for sale until the second version."""
        dealer = self.dealer
        month = month_text(document.created // DAY)
        serial = self.serial_text(document)
        troubled = version == 0 and not document.twin
        units = self.units
        lines = []
        for place, unit in enumerate(units):
            last = place == len(units) - 1
            missing = troubled and self.short and last
            unready = troubled and self.not_ready and last
            lines.append(
                {
                    "kodeTipeUnit": unit.type.code,
                    "kodeWarna": unit.colour,
                    "kuantitasTerkirim": 1,
                    "kuantitasDiterima": 0 if missing else 1,
                    "noMesin": unit.engine,
                    "noRangka": unit.chassis,
                    "statusRFS": "0" if unready or missing else "1",
                    "poId": self.purchase_order(place),
                    "kelengkapanUnit": _KIT,
                    "noGoodsReceipt": f"{dealer.id}/{month}/{serial}",
                    "docNRFSId": f"NRFS/{dealer.id}/{serial}" if unready else "",
                }
            )
        return {
            "noShippingList": f"SL/{dealer.main_dealer.id}/{dealer.id}/{month}/{serial}",
            "tanggalTerima": date_text(document.created // DAY),
            "mainDealerId": dealer.main_dealer.id,
            "noInvoice": self.number_at("IN", self.invoiced),
            "statusShippingList": "0" if troubled and self.short else "1",
            "unit": lines,
        }
