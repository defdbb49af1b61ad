"""A regular customer at the workshop: visits, sometimes a return of the job or a hotline order (pkb, inv2, unpaidhlo,
dphlo, mdinvh3, pinb, prsl)."""

from functools import cached_property
from typing import Any, ClassVar

from sandbox.model.hotline import HotlineOrder
from sandbox.model.journey import Document, Journey, open_moment, work_moment
from sandbox.model.vehicles import Vehicle, customer_vehicle
from sandbox.model.visit import Visit
from sandbox.model.volume import Kind
from sandbox.times import DAY, HOUR


class WorkshopVisit(Journey):
    """One visit and what it leads to."""

    kind = Kind.VISIT
    reach = 35
    modules: ClassVar[tuple[str, ...]] = ("pkb", "inv2", "unpaidhlo", "dphlo", "mdinvh3", "pinb", "prsl")

    def plan(self) -> None:
        """A visit; 2 in 100 come back with the same complaint, 8 in 100 need a part that is not there."""
        rng = self.rng
        draw = rng.random
        self.choice = draw()
        start = open_moment(self.day, rng, 8, 16)
        first = Visit(self, start, "")
        self.visits = [first]
        fate = draw()
        if fate < 0.02:
            again = work_moment(first.finish // DAY + 2 + int(draw() * 8), rng, 8, 16)
            self.visits.append(Visit(self, again, "R", earlier=first))
        elif fate < 0.1:
            self.hotline = HotlineOrder(self, start + HOUR // 2 + int(draw() * HOUR), first.work_order)

    @cached_property
    def _vehicle(self) -> Vehicle:
        return customer_vehicle(self.dealer, self.choice)

    def visiting_vehicle(self) -> Vehicle:
        """The customer's motorcycle."""
        return self._vehicle

    def pkb(self, document: Document, version: int) -> dict[str, Any]:
        """The work order."""
        return self.visits[document.part].pkb(document, version)

    def inv2(self, document: Document, version: int) -> dict[str, Any]:
        """Its notes."""
        return self.visits[document.part].inv2(document, version)

    def unpaidhlo(self, document: Document, version: int) -> dict[str, Any]:
        """The hotline order."""
        return self.hotline.unpaidhlo(document, version)

    def dphlo(self, document: Document, version: int) -> dict[str, Any]:
        """Its deposit."""
        return self.hotline.dphlo(document, version)

    def mdinvh3(self, document: Document, version: int) -> dict[str, Any]:
        """Its invoice."""
        return self.hotline.mdinvh3(document, version)

    def pinb(self, document: Document, version: int) -> dict[str, Any]:
        """Its receipt."""
        return self.hotline.pinb(document, version)

    def prsl(self, document: Document, version: int) -> dict[str, Any]:
        """Its sale."""
        return self.hotline.prsl(document, version)
