"""A hotline order: a part that a customer waits for (unpaidhlo, dphlo, mdinvh3, pinb, prsl).

Begun by a workshop visit or at the parts counter. An order is listed as unpaid until its first deposit.
"""

from functools import cached_property
from typing import Any
from weakref import proxy

from sandbox.catalogue import HOTLINE_PARTS, PARTS
from sandbox.model.journey import Document, Journey, work_moment
from sandbox.model.lines import PartLine
from sandbox.model.supply import HOTLINE, SupplyLine, invoice_record, order_number, receipt_record
from sandbox.model.vehicles import Vehicle
from sandbox.model.volume import Kind
from sandbox.times import DAY, FOREVER, HOUR, calendar_date, date_text

_HOME = ("kodePropinsi", "kodeKota", "kodeKecamatan", "kodeKelurahan", "kodePos")


class HotlineOrder:
    """A planned hotline order; `work_order` is "" when it was made at the counter."""

    def __init__(self, journey: Journey, ordered: int, work_order: str) -> None:
        # The journey holds this object: no cycle, so that both are freed at once.
        self.journey: Journey = proxy(journey)
        self.ordered = ordered
        self.work_order = work_order
        # Workshop and counter number their journeys alike: the mark keeps their documents apart.
        self.mark = "H" if journey.kind == Kind.VISIT else "C"
        rng = journey.rng
        draw = rng.random
        paid = draw() < 0.76
        deposit = ordered + 900 + int(draw() ** 2 * 3 * DAY)
        moved = (ordered + 20 * HOUR,) if draw() < 0.15 and (not paid or deposit > ordered + DAY) else ()
        journey.add("unpaidhlo", ordered, moved, deposit if paid else FOREVER)
        self.deposits = 0
        if not paid:
            return
        journey.add("dphlo", deposit)
        self.deposits = 1
        if draw() < 0.08:
            journey.add("dphlo", deposit + DAY + int(draw() * DAY), part=1)
            self.deposits = 2
        invoiced = work_moment(deposit // DAY + 2 + int(draw() * 5), rng, 14, 18)
        journey.add("mdinvh3", invoiced)
        received = work_moment(invoiced // DAY + 1 + int(draw() * 2), rng)
        journey.add("pinb", received)
        if draw() < 0.93:
            journey.add("prsl", received + 2 * HOUR + int(draw() ** 2 * 4 * DAY))

    @property
    def number(self) -> str:
        """PO/HLO/dealer/YYMM/serial."""
        return self._number(f"{self.journey.serial:05d}")

    def _number(self, serial: str) -> str:
        month = f"{calendar_date(self.ordered // DAY):%y%m}"
        return f"PO/HLO/{self.journey.dealer.id}/{month}/{serial}{self.mark}"

    @cached_property
    def vehicle(self) -> Vehicle:
        """The motorcycle that the part is for."""
        vehicle: Vehicle = self.journey.visiting_vehicle()  # type: ignore[attr-defined]
        return vehicle

    @cached_property
    def lines(self) -> list[PartLine]:
        """The parts, with the first deposit."""
        draw = self.journey.dealer.stream(self.journey.kind + 16, self.journey.day, self.journey.number).random
        self.off_road, self.numbered = draw() < 0.3, draw() < 0.1
        places = {int(draw() * len(HOTLINE_PARTS)) for _ in range(1 if draw() < 0.75 else 2)}
        lines = []
        for place in sorted(places):
            part = PARTS[HOTLINE_PARTS[place]]
            line = PartLine(part, 1 if draw() < 0.85 else 2)
            share = 1.0 if draw() < 0.15 else 0.3 + draw() * 0.3
            deposit = line.total if share == 1.0 else max(int(line.total * share) // 10_000 * 10_000, 10_000)
            lines.append(PartLine(part, line.quantity, deposit=deposit))
        return lines

    @cached_property
    def supply(self) -> list[SupplyLine]:
        """The same parts as the main dealer invoices them."""
        order = order_number(self.journey, self.ordered // DAY)
        return [SupplyLine(order, HOTLINE, line.part, line.quantity, 0) for line in self.lines]

    def _waiting_parts(self, deposits: int) -> list[dict[str, Any]]:
        parts = []
        for line in self.lines:
            paid = line.deposit if deposits < 2 else min(line.total, line.deposit * 2)
            parts.append(
                {
                    "partsNumber": line.part.number,
                    "kuantitas": line.quantity,
                    "hargaParts": line.part.price + line.vat,
                    "totalHargaParts": line.total,
                    "uangMuka": paid,
                    "sisaBayar": line.total - paid,
                }
            )
        return parts

    def unpaidhlo(self, document: Document, version: int) -> dict[str, Any]:
        """The order while it waits for a deposit; in a second version the motorcycle stays at the workshop."""
        parts = self._waiting_parts(1)
        vehicle = self.vehicle
        owner, unit = vehicle.owner, vehicle.unit
        return {
            "idHLODocument": self._number(self.journey.serial_text(document)),
            "tanggalPemesananHLO": date_text(self.ordered // DAY),
            "noWorkOrder": self.work_order,
            "noBukuClaimC2": "",
            "noKTP": owner.identity,
            "namaCustomer": owner.name,
            "alamat": owner.home.street,
            **dict(zip(_HOME, owner.home.codes, strict=True)),
            "noKontak": owner.phone,
            "kodeTipeUnit": unit.type.code,
            "tahunMotor": str(unit.year),
            "noMesin": unit.engine,
            "noRangka": unit.chassis,
            "flagNumbering": "1" if self.numbered else "0",
            "vehicleOffRoad": "1" if self.off_road or version else "0",
            "jobReturn": "0",
            "parts": parts,
        }

    def dphlo(self, document: Document, version: int) -> dict[str, Any]:
        """A deposit invoice; a second one counts both deposits."""
        second = "2" if document.part else ""
        return {
            "noInvoiceUangJaminan": self.journey.document_number("UJ", document) + self.mark + second,
            "idHLODocument": self.number,
            "tanggalPemesananHLO": date_text(self.ordered // DAY),
            "noWorkOrder": self.work_order,
            "idCustomer": self.vehicle.owner.identity,
            "parts": self._waiting_parts(document.part + 1),
        }

    def mdinvh3(self, document: Document, version: int) -> dict[str, Any]:
        """The main dealer's invoice for the parts."""
        return invoice_record(self.journey, document, self.mark, self.supply, 0)

    def pinb(self, document: Document, version: int) -> dict[str, Any]:
        """The parts arrive."""
        return receipt_record(self.journey, document, self.mark, self.supply)

    def prsl(self, document: Document, version: int) -> dict[str, Any]:
        """The customer fetches the parts."""
        owner = self.vehicle.owner
        lines = self.lines
        paid = self.deposits
        parts = [line.sale_record(self.number) for line in lines]
        for line, part in zip(lines, parts, strict=True):
            part["uangMuka"] = line.deposit if paid < 2 else min(line.total, line.deposit * 2)
        return {
            "noSO": self.journey.document_number("SO", document) + self.mark,
            "tglSO": date_text(document.created // DAY),
            "idCustomer": owner.identity,
            "namaCustomer": owner.name[:30],
            "discSO": 0,
            "totalHargaSO": sum(line.total for line in lines),
            "parts": parts,
        }
