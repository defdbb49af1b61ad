"""Parts bought from the main dealer: the invoice (mdinvh3), the receipts (pinb), and their lines.

Used by the stock's own replenishment here, and by hotline orders.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from sandbox.catalogue import COUNTER_PARTS, PARTS, VAT_PERCENT, Part
from sandbox.model.journey import Document, Journey, Weighted, work_moment
from sandbox.model.volume import Kind
from sandbox.times import DAY, calendar_date, date_text, is_sunday

FIX, REGULAR, HOTLINE, URGENT = "1", "2", "3", "4"
_ORDER_TYPE = Weighted((FIX, REGULAR, URGENT), (30, 55, 15))
_DEALER_SHARE = 0.82
"""Purchase price as a share of the retail price."""


@dataclass(frozen=True, slots=True)
class SupplyLine:
    """Parts of one purchase order on an invoice."""

    order: str
    order_type: str
    part: Part
    quantity: int
    discount: int
    """Per piece, whole rupiah."""
    warehouse: str = "WH01"

    @property
    def price(self) -> int:
        """Purchase price of a piece."""
        return int(self.part.price * _DEALER_SHARE) // 10 * 10

    def received(self) -> dict[str, Any]:
        """The line on a receipt."""
        return {
            "noPO": self.order,
            "jenisOrder": self.order_type,
            "idWarehouse": self.warehouse,
            "partsNumber": self.part.number,
            "kuantitas": self.quantity,
            "uom": "pcs",
        }

    def invoiced(self) -> dict[str, Any]:
        """The line on an invoice."""
        return {
            "noPO": self.order,
            "jenisOrder": self.order_type,
            "partsNumber": self.part.number,
            "kuantitas": self.quantity,
            "uom": "pcs",
            "hargaSatuanSebelumDiskon": float(self.price),
            "diskonPerPartsNumber": float(self.discount),
        }


def order_number(journey: Journey, day: int) -> str:
    """A parts order's number: YYMMDD and what makes it unique."""
    return f"{calendar_date(day):%y%m%d}{journey.kind:d}{journey.serial:05d}"


def invoice_record(
    journey: Journey, document: Document, mark: str, lines: list[SupplyLine], deduction: int, due_days: int = 30
) -> dict[str, Any]:
    """A parts invoice with its totals."""
    before = sum(line.quantity * line.price for line in lines)
    discounts = sum(line.quantity * line.discount for line in lines)
    tax = round((before - discounts - deduction) * VAT_PERCENT / 100)
    day = document.created // DAY
    return {
        "noInvoice": journey.document_number("IN", document) + mark,
        "tglInvoice": date_text(day),
        "tglJatuhTempo": date_text(day + due_days),
        "mainDealerId": journey.dealer.main_dealer.id,
        "totalHargaSebelumDiskon": float(before),
        "totalDiskonPerPartsNumber": float(discounts),
        "potonganPerInvoice": float(deduction),
        "totalPPN": float(tax),
        "totalHarga": float(before - discounts - deduction + tax),
        "parts": [line.invoiced() for line in lines],
    }


def receipt_record(journey: Journey, document: Document, mark: str, lines: list[SupplyLine]) -> dict[str, Any]:
    """A goods receipt of parts."""
    return {
        "noPenerimaan": journey.document_number("RCV", document) + mark,
        "tglPenerimaan": date_text(document.created // DAY),
        "noShippingList": journey.document_number("SPL", document) + mark,
        "po": [line.received() for line in lines],
    }


class Replenishment(Journey):
    """Parts for the shelf: one invoice, received in one or two parts."""

    kind = Kind.REPLENISHMENT
    reach = 25
    modules: ClassVar[tuple[str, ...]] = ("mdinvh3", "pinb")

    def plan(self) -> None:
        """Invoice in the evening, receipts within days."""
        rng = self.rng
        draw = rng.random
        invoiced = (self.day + is_sunday(self.day)) * DAY + int((15 + draw() * 4) * 3600)
        deferred = (invoiced + 2 * DAY + int(draw() * 6 * DAY),) if draw() < 0.05 else ()
        self.add("mdinvh3", invoiced, deferred)
        received = work_moment(invoiced // DAY + 1 + int(draw() * 3), rng)
        self.in_two = draw() < 0.15
        recounted = (received + DAY + int(draw() * 6 * 3600),) if draw() < 0.06 else ()
        self.add("pinb", received, recounted)
        if self.in_two:
            self.add("pinb", work_moment(received // DAY + 1 + int(draw() * 4), rng), part=1)

    @cached_property
    def lines(self) -> list[SupplyLine]:
        """What was bought; now and then the same line stands twice."""
        draw = self.facts_rng.random
        lines: list[SupplyLine] = []
        orders = 1 if draw() < 0.8 else 2
        for turn in range(orders):
            order = order_number(self, self.day - 2 - turn)
            order_type = _ORDER_TYPE.pick(draw())
            for _ in range(2 + int(draw() * 5)):
                part = PARTS[COUNTER_PARTS[int(draw() ** 1.5 * len(COUNTER_PARTS))]]
                discount = round(part.price * _DEALER_SHARE * 0.1) if draw() < 0.4 else 0
                warehouse = "WH01" if draw() < 0.8 else "WH02"
                lines.append(SupplyLine(order, order_type, part, 2 + int(draw() * 22), discount, warehouse))
        if draw() < 0.04:
            lines.append(lines[0])
        self.deduction = 10_000 if draw() < 0.3 else 0
        return lines

    def mdinvh3(self, document: Document, version: int) -> dict[str, Any]:
        """The invoice; a second version is due a week later."""
        lines = self.lines  # drawing them sets the deduction
        return invoice_record(self, document, "", lines, self.deduction, 30 + 7 * version)

    def pinb(self, document: Document, version: int) -> dict[str, Any]:
        """A receipt: of everything, or of the first or second half; recounting moves a line to the other warehouse."""
        lines = self.lines
        if self.in_two:
            half = len(lines) // 2
            lines = lines[half:] if document.part else lines[:half]
        record = receipt_record(self, document, "B" if document.part else "", lines)
        if version:
            record["po"][0]["idWarehouse"] = "WH02"
        return record
