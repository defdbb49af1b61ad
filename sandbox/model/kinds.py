"""All kinds of journey, and how many of each begin on a day."""

from sandbox.contract import modules
from sandbox.fleet import Dealer
from sandbox.model.counter import CounterSale
from sandbox.model.journey import Journey
from sandbox.model.purchase import Purchase, purchases_on
from sandbox.model.sale import Sale
from sandbox.model.supply import Replenishment
from sandbox.model.volume import Kind, journeys_on
from sandbox.model.workshop import WorkshopVisit

JOURNEYS: dict[Kind, type[Journey]] = {
    Kind.SALE: Sale,
    Kind.PURCHASE: Purchase,
    Kind.VISIT: WorkshopVisit,
    Kind.COUNTER: CounterSale,
    Kind.REPLENISHMENT: Replenishment,
}
KINDS_OF_MODULE: dict[str, tuple[Kind, ...]] = {
    module: tuple(kind for kind, journey in JOURNEYS.items() if module in journey.modules) for module in modules()
}


def begun(dealer: Dealer, kind: Kind, day: int) -> int:
    """Journeys of a kind that begin at a dealer on a day."""
    return purchases_on(dealer, day) if kind is Kind.PURCHASE else journeys_on(dealer, kind, day)
