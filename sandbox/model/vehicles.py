"""Motorcycles: units that are bought and sold, and those of the workshop's regular customers.

A sold unit's chassis number follows from the sale alone, so that purchase, delivery, papers and services agree on it
without asking each other. A chassis number has 14 characters: engine family, two digits, year letter, plant, six
digits.
"""

from dataclasses import dataclass
from random import Random

from sandbox.catalogue import COLOURS, UNIT_TYPES, UnitType
from sandbox.fleet import Dealer
from sandbox.model.journey import Weighted
from sandbox.model.volume import Kind
from sandbox.people import Person, person
from sandbox.times import calendar_date

UNITS_PER_SALE = 4
_YEAR_LETTERS = "ABCDEFGHJKLMNPRSTUVWXY"
_SOLD_PLANTS = "KLMN"
_CUSTOMERS = 2_500
_SCATTER = 48_271
"""A prime: multiplying by it makes neighbouring numbers look unlike each other and keeps them apart."""
_UNIT_TYPE = Weighted(UNIT_TYPES, [unit.weight for unit in UNIT_TYPES])


@dataclass(frozen=True, slots=True)
class Unit:
    """One motorcycle."""

    type: UnitType
    colour: str
    chassis: str
    engine: str
    year: int


@dataclass(frozen=True, slots=True)
class Vehicle:
    """A motorcycle that comes to the workshop, with its owner and licence plate."""

    unit: Unit
    owner: Person
    plate: str


def draw_type(rng: Random) -> tuple[UnitType, str]:
    """A type and colour as customers choose them."""
    return _UNIT_TYPE.pick(rng.random()), COLOURS[int(rng.random() ** 2 * len(COLOURS))]


def _unit(unit_type: UnitType, colour: str, year: int, plant: str, number: int) -> Unit:
    letter = _YEAR_LETTERS[year % len(_YEAR_LETTERS)]
    digits = f"{number * _SCATTER % 100_000_000:08d}"
    return Unit(
        unit_type,
        colour,
        f"{unit_type.family}{digits[:2]}{letter}{plant}{digits[2:]}",
        f"{unit_type.family}E{letter}{plant}{digits}",
        year,
    )


def sold_unit(dealer: Dealer, day: int, number: int, place: int, unit_type: UnitType, colour: str) -> Unit:
    """Unit `place` of the sale `number` begun on `day`. Numbers repeat after 400 days, in another year then."""
    sale = (dealer.number * 400 + day % 400) * dealer.strides[Kind.SALE] + number
    serial = sale * UNITS_PER_SALE + place
    plant = _SOLD_PLANTS[serial // 100_000_000 % len(_SOLD_PLANTS)]
    return _unit(unit_type, colour, calendar_date(day).year, plant, serial)


def plate_number(letters: str, rng: Random) -> str:
    """A licence plate with spaces: "H 4271 XYZ"."""
    tail = "".join("ABCDEFGHJKLMNPQRSTUVWXYZ"[int(rng.random() * 24)] for _ in range(2))
    return f"{letters} {1000 + int(rng.random() * 8999)} {tail}"


def customer_vehicle(dealer: Dealer, choice: float) -> Vehicle:
    """One of the dealer's regular workshop customers, the same motorcycle for the same `choice` (0 to 1)."""
    place = int(choice * _CUSTOMERS * max(dealer.size, 0.4) * dealer.volume)
    rng = dealer.stream(127, 0, place)
    unit_type, colour = draw_type(rng)
    year = 2025 - int(rng.random() ** 1.6 * 9)
    unit = _unit(unit_type, colour, year, "J", dealer.number * 100_000 + place)
    return Vehicle(unit, person(rng, dealer.city), plate_number(dealer.city.plate, rng))
