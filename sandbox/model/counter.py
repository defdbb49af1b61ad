"""The parts counter: sales over it (prsl), and hotline orders made there (unpaidhlo, dphlo, mdinvh3, pinb, prsl)."""

from functools import cached_property
from typing import Any, ClassVar

from sandbox.catalogue import COUNTER_PARTS, PARTS
from sandbox.model.hotline import HotlineOrder
from sandbox.model.journey import Document, Journey, open_moment
from sandbox.model.lines import PartLine, draw_discount
from sandbox.model.vehicles import Vehicle, customer_vehicle
from sandbox.model.volume import Kind
from sandbox.times import DAY, HOUR, date_text


class CounterSale(Journey):
    """One customer at the counter."""

    kind = Kind.COUNTER
    reach = 35
    modules: ClassVar[tuple[str, ...]] = ("prsl", "unpaidhlo", "dphlo", "mdinvh3", "pinb")

    def plan(self) -> None:
        """A sale at once, or a hotline order without a work order."""
        rng = self.rng
        draw = rng.random
        self.choice = draw()
        moment = open_moment(self.day, rng)
        self.hotline = HotlineOrder(self, moment, "") if draw() < 0.06 else None
        if self.hotline is None:
            changed = (moment + HOUR + int(draw() * 3 * DAY),) if draw() < 0.05 else ()
            self.add("prsl", moment, changed)

    @cached_property
    def _vehicle(self) -> Vehicle:
        return customer_vehicle(self.dealer, self.choice)

    def visiting_vehicle(self) -> Vehicle:
        """The customer's motorcycle."""
        return self._vehicle

    @cached_property
    def lines(self) -> list[PartLine]:
        """What is sold; now and then the same line stands twice."""
        rng = self.facts_rng
        draw = rng.random
        lines = []
        for _ in range(1 + int(draw() ** 2 * 4)):
            part = PARTS[COUNTER_PARTS[int(draw() ** 1.7 * len(COUNTER_PARTS))]]
            promotion, percent = draw_discount(rng, "PP")
            lines.append(PartLine(part, 1 + int(draw() ** 3 * 4), promotion, percent))
        if draw() < 0.03:
            lines.append(lines[0])
        return lines

    def prsl(self, document: Document, version: int) -> dict[str, Any]:
        """The sale; a changed one has its rounding taken back."""
        if self.hotline is not None:
            return self.hotline.prsl(document, version)
        total = sum(line.total for line in self.lines)
        owner = self._vehicle.owner
        return {
            "noSO": self.document_number("SO", document),
            "tglSO": date_text(document.created // DAY),
            "idCustomer": owner.identity,
            "namaCustomer": owner.name[:30],
            "discSO": 0 if version else total % 500,
            "totalHargaSO": total,
            "parts": [line.sale_record("") for line in self.lines],
        }

    def unpaidhlo(self, document: Document, version: int) -> dict[str, Any]:
        """The hotline order."""
        return self._ordered.unpaidhlo(document, version)

    def dphlo(self, document: Document, version: int) -> dict[str, Any]:
        """Its deposit."""
        return self._ordered.dphlo(document, version)

    def mdinvh3(self, document: Document, version: int) -> dict[str, Any]:
        """Its invoice."""
        return self._ordered.mdinvh3(document, version)

    def pinb(self, document: Document, version: int) -> dict[str, Any]:
        """Its receipt."""
        return self._ordered.pinb(document, version)

    @property
    def _ordered(self) -> HotlineOrder:
        assert self.hotline is not None  # only hotline orders plan these documents
        return self.hotline
