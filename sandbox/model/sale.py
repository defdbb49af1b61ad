"""A sale, from the prospect to the second free service: prsp, spk, inv1, lsng, bast, doch, pkb, inv2."""

from typing import Any, ClassVar

from sandbox.model.journey import Document, Journey, Weighted, open_moment, work_moment
from sandbox.model.sale_facts import SaleFacts
from sandbox.model.sale_papers import papers_record, plan_papers
from sandbox.model.vehicles import Unit, Vehicle, draw_type, sold_unit
from sandbox.model.visit import Visit
from sandbox.model.volume import Kind
from sandbox.times import DAY, HOUR, calendar_date, date_text, month_text

_SOURCE = Weighted(
    ("0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008", "0009", "0010", "0011", "0012", "9999"),
    (9, 5, 6, 24, 6, 5, 6, 17, 4, 5, 8, 3, 2),
)
_DEAL_RATE = {"0004": 0.42, "0005": 0.5, "0006": 0.38, "0011": 0.4, "0007": 0.15, "0008": 0.14, "0010": 0.16}
_TEMPERATURE = Weighted(("1", "2", "3"), (38, 40, 22))
BOOKING, DOWN_PAYMENT, SETTLEMENT = 0, 1, 2


class Sale(Journey):
    """One prospect and all that comes of it."""

    kind = Kind.SALE
    reach = 165
    modules: ClassVar[tuple[str, ...]] = ("prsp", "spk", "inv1", "lsng", "bast", "doch", "pkb", "inv2")

    def plan(self) -> None:
        """Follow-ups until deal or no deal; after a deal the order, money, delivery, papers and services."""
        rng = self.rng
        draw = rng.random
        created = open_moment(self.day, rng)
        self.source = _SOURCE.pick(draw())
        self.deal = draw() < _DEAL_RATE.get(self.source, 0.26)
        self.unit_type, self.colour = draw_type(rng)
        self.quantity = 1
        self.statuses = [_TEMPERATURE.pick(draw())]
        moments: list[int] = []
        last = created
        for _ in range(1 + int(draw() * 3)):
            pause = 0 if self.deal and draw() < 0.2 else 1 + int(draw() ** 1.5 * 5)
            last = work_moment(last // DAY + pause, rng) if pause else last + 1200 + int(draw() * HOUR)
            moments.append(last)
            self.statuses.append(_TEMPERATURE.pick(min(draw() + (0.3 if self.deal else 0.0), 0.999)))
        if self.deal:
            self.statuses[-1] = "4"
        elif draw() < 0.72:
            self.statuses[-1] = "5"
        self.add("prsp", created, tuple(moments))
        if self.deal:
            self.quantity = 1 if draw() < 0.97 else 2 + int(draw() * 2)
            self._plan_order(last + 300 + int(draw() * 1500))

    def _plan_order(self, ordered: int) -> None:
        rng = self.rng
        draw = rng.random
        self.ordered = ordered
        self.credit = draw() < 0.62
        self.cancelled = draw() < 0.06
        self.indent = draw() < 0.12
        wait = 10 + int(draw() * 26) if self.indent else 2 + int(draw() ** 2 * 7)
        self.planned_day = ordered // DAY + wait
        late = 0 if draw() < 0.8 else 1 + int(draw() * 4)
        delivered = work_moment(self.planned_day + late, rng, 8, 16)
        changes = [ordered + DAY + int(draw() * 2 * HOUR)] if self.indent else []
        self.order_statuses = ["1", "2"] if self.indent else ["1"]
        if self.cancelled:
            changes.append(work_moment(ordered // DAY + 2 + int(draw() * 7), rng))
            self.order_statuses.append("4")
        else:
            changes.append(delivered + 3 * HOUR)
            self.order_statuses.append("3")
        self.add("spk", ordered, tuple(changes))
        self._plan_receipt(ordered + 600 + int(draw() * HOUR), BOOKING)
        if self.cancelled:
            return
        if self.credit:
            approved = work_moment(ordered // DAY + 1, rng)
            sent = (approved + 2 * HOUR + int(draw() * DAY),) if draw() < 0.5 else ()
            self.applied_day = ordered // DAY
            self.add("lsng", approved, sent)
            self._plan_receipt(approved + 900 + int(draw() * HOUR), DOWN_PAYMENT)
            if draw() < 0.85:
                self._plan_receipt(work_moment(delivered // DAY + 3 + int(draw() * 8), rng), SETTLEMENT)
        else:
            self._plan_receipt(delivered - 1800 - int(draw() * HOUR), SETTLEMENT)
        self._plan_delivery(delivered)

    def _plan_receipt(self, created: int, part: int) -> None:
        draw = self.rng.random
        fate = draw()
        if fate < 0.06:
            changes: tuple[int, ...] = ()
        elif fate < 0.2:
            changes = (created + HOUR, created + DAY + int(draw() * 4 * HOUR))
        else:
            changes = (created + 1800 + int(draw() * 20 * HOUR),)
        self.add("inv1", created, changes, part=part)

    def _plan_delivery(self, delivered: int) -> None:
        rng = self.rng
        draw = rng.random
        self.delivered = delivered
        leaves = delivered + 1800 + int(draw() * 1800)
        arrives = leaves + 1800 + int(draw() * 2 * HOUR)
        self.arrived = arrives
        self.delivery_statuses = ["1", "2", "4"]
        changes = [leaves, arrives]
        if draw() < 0.04:
            self.delivery_statuses[2:] = ["3", "4"]
            changes.append(arrives + DAY)
        self.add("bast", delivered, tuple(changes))
        plan_papers(self, work_moment(delivered // DAY + 1 + int(draw() * 2), rng))
        self.visits = []
        if draw() < 0.55:
            first = work_moment(delivered // DAY + 25 + int(draw() * 25), rng)
            self.visits.append(Visit(self, first, "S", free_service=0))
            if draw() < 0.35:
                second = work_moment(first // DAY + 28 + int(draw() * 10), rng)
                self.visits.append(Visit(self, second, "T", free_service=1))

    @property
    def units(self) -> list[Unit]:
        """The motorcycles of a deal."""
        return [
            sold_unit(self.dealer, self.day, self.number, place, self.unit_type, self.colour)
            for place in range(self.quantity)
        ]

    @property
    def facts(self) -> SaleFacts:
        """Customer, staff, prices: drawn once, when the first document is written."""
        if not hasattr(self, "_facts"):
            self._facts = SaleFacts(self)
        return self._facts

    @property
    def order_number(self) -> str:
        """The order letter's number."""
        return self.number_at("SPK", self.ordered)

    @property
    def sales_order_number(self) -> str:
        """The unit sales order's number: looks like those of parts sales, but is another range."""
        return self.number_at("SO", self.ordered)

    def papers_number(self, document: Document) -> str:
        """The sales order that papers belong to; a twin has a number of its own."""
        return self.document_number("SO", document) if document.twin else self.sales_order_number

    def visiting_vehicle(self) -> Vehicle:
        """The sold unit, which comes to its free services."""
        facts = self.facts
        return Vehicle(self.units[0], facts.customer, facts.plates[0])

    def prospect_number(self, document: Document | None = None) -> str:
        """MD/dealer/YY/MM/PSP/source/serial."""
        serial = f"{self.serial:05d}" if document is None else self.serial_text(document)
        created_day = self.documents[0].created // DAY
        dealer = self.dealer
        return f"{dealer.main_dealer.id}/{dealer.id}/{month_text(created_day)}/PSP/{self.source}/{serial}"

    def prsp(self, document: Document, version: int) -> dict[str, Any]:
        """The prospect: warmer or colder with every follow-up."""
        facts = self.facts
        open_steps = len(document.changes) - version
        appointment = document.changes[version] if open_steps else document.modified(version) + 2 * DAY
        status = self.statuses[version]
        return {
            "idProspect": self.prospect_number(document),
            "sumberProspect": self.source,
            "tanggalProspect": date_text(document.created // DAY),
            **facts.prospect,
            "tanggalAppointment": date_text(appointment // DAY),
            "statusFollowUpProspecting": "2" if status in "45" else "1",
            "statusProspect": status,
            "unit": [
                {"kodeTipeUnit": code, "salesProgramId": facts.programs if place == 0 else ""}
                for place, code in enumerate(facts.types_of_interest)
            ],
        }

    def spk(self, document: Document, version: int) -> dict[str, Any]:
        """The order letter."""
        return {
            "idSpk": self.document_number("SPK", document),
            "idProspect": self.prospect_number(),
            **self.facts.order,
            "tanggalPesanan": date_text(self.ordered // DAY),
            "statusSPK": self.order_statuses[version],
            "unit": [dict(self.facts.order_unit)],
            "dataAnggotaKeluarga": [{"anggotaKK": member} for member in self.facts.relatives],
        }

    def inv1(self, document: Document, version: int) -> dict[str, Any]:
        """A receipt: booking fee, down payment or settlement."""
        facts = self.facts
        last = version == len(document.changes) and version > 0
        return {
            "idInvoice": self.document_number(("TJ", "UM", "PL")[document.part], document),
            "idSPK": self.order_number,
            "idCustomer": facts.customer_number,
            "amount": facts.receipts[document.part],
            "tipePembayaran": "1" if self.credit else "2",
            "caraBayar": facts.methods[document.part],
            "status": "4" if last else ("1" if version == 0 else "3"),
            "note": ("Tanda jadi", "Uang muka", "Pelunasan")[document.part],
        }

    def lsng(self, document: Document, version: int) -> dict[str, Any]:
        """The finance application; the order's date of sending may be filled in later."""
        facts = self.facts
        code, company = facts.finance
        ordered_day = document.created // DAY
        serial = self.serial_text(document)
        waits = bool(document.changes) and version == 0
        return {
            "idDokumenPengajuan": self.document_number(code, document),
            "idSPK": self.order_number,
            "jumlahDP": facts.down_payment,
            "tenor": facts.tenor,
            "jumlahCicilan": facts.instalment,
            "tanggalPengajuan": date_text(self.applied_day),
            "idFinanceCompany": f"FC/{code}",
            "namaFinanceCompany": company,
            "idPOFinanceCompany": f"PO/FC/{code}/{month_text(ordered_day)}/{self.dealer.number:03d}{serial}",
            "tanggalPembuatanPO": date_text(ordered_day),
            "tanggalPengirimanPOFinanceCompany": "" if waits else date_text(document.modified(version) // DAY),
        }

    def bast(self, document: Document, version: int) -> dict[str, Any]:
        """The delivery, one row per unit."""
        day = document.created // DAY
        serial = self.serial_text(document)
        return {
            "deliveryDocumentId": f"DO/{self.dealer.id}/{calendar_date(day):%d%m%y}/{serial}",
            "tanggalPengiriman": date_text(self.delivered // DAY),
            "idDriver": self.facts.driver,
            "statusDeliveryDocument": self.delivery_statuses[version],
            "detail": [
                {
                    "noSO": self.sales_order_number,
                    "idSPK": self.order_number,
                    "noMesin": unit.engine,
                    "noRangka": unit.chassis,
                    **self.facts.delivery,
                }
                for unit in self.units
            ],
        }

    def doch(self, document: Document, version: int) -> dict[str, Any]:
        """The registration papers."""
        return papers_record(self, document, version)

    def pkb(self, document: Document, version: int) -> dict[str, Any]:
        """A free service's work order."""
        return self.visits[document.part].pkb(document, version)

    def inv2(self, document: Document, version: int) -> dict[str, Any]:
        """A free service's notes."""
        return self.visits[document.part].inv2(document, version)
