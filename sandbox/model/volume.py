"""How many journeys of each kind begin at a dealer on a day.

With all that follows from them, a dealer of average size has about 45 documents a day.
"""

from enum import IntEnum
from functools import lru_cache
from math import ceil

from sandbox import rhythm
from sandbox.fleet import Dealer


class Kind(IntEnum):
    """The kinds of journey."""

    SALE = 1
    PURCHASE = 2
    VISIT = 3
    COUNTER = 4
    REPLENISHMENT = 5


AVERAGE = {Kind.SALE: 7.2, Kind.VISIT: 10.0, Kind.COUNTER: 2.6, Kind.REPLENISHMENT: 1.0}
"""Journeys begun on an ordinary day at a dealer of average size. Purchases of units follow from the sales."""

_BUSIEST_DAY = 4.2
"""More than the greatest product of rhythm and chance."""


def set_strides(dealer: Dealer) -> None:
    """Note the most journeys of each kind that one day can have; document numbers are spaced by it."""
    for kind, average in AVERAGE.items():
        dealer.strides[kind] = ceil(average * dealer.size * dealer.volume * _BUSIEST_DAY) + 2
    dealer.strides[Kind.PURCHASE] = 8 * dealer.volume


@lru_cache(maxsize=20_000)
def journeys_on(dealer: Dealer, kind: Kind, day: int) -> int:
    """Journeys of a kind that begin on a day."""
    factor = rhythm.showroom(day) if kind is Kind.SALE else rhythm.workshop(day)
    rng = dealer.stream(kind, day, 0xFFFFF)
    mean = AVERAGE[kind] * dealer.size * dealer.volume * factor * (0.7 + 0.6 * rng.random())
    return min(int(mean + rng.random()), dealer.strides[kind])
