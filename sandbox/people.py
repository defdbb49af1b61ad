"""Invented people: Indonesian names, identity numbers, telephones."""

from dataclasses import dataclass
from random import Random

from sandbox.names import names
from sandbox.places import Address, City, address

PREFIXES = ("0812", "0813", "0821", "0822", "0852", "0853", "0857", "0858", "0877", "0878", "0895", "0896")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an address; `identity` is the 16-digit number of the identity card."""

    name: str
    family_name: str
    phone: str
    identity: str
    family_card: str
    home: Address

    @property
    def email(self) -> str:
        """An address under a domain that cannot exist."""
        first, _, last = self.name.lower().partition(" ")
        return f"{first}.{last[:1] or 'x'}{self.identity[-2:]}@contoh.id"


def name(rng: Random, family_name: str | None = None) -> tuple[str, str, bool]:
    """A full name, its family name and whether it is a woman's."""
    draw = rng.random
    known = names()
    woman = draw() < 0.5
    given = known.women if woman else known.men
    last = family_name or known.family[int(draw() * len(known.family))]
    return f"{given[int(draw() * len(given))]} {last}", last, woman


def person(rng: Random, city: City) -> Person:
    """Somebody living in `city`, 17 to 61 years old in 2026."""
    draw = rng.random
    full, last, woman = name(rng)
    home = address(rng, city)
    birth_day = 1 + int(draw() * 28) + (40 if woman else 0)
    birth = f"{birth_day:02d}{1 + int(draw() * 12):02d}{(65 + int(draw() * 44)) % 100:02d}"
    card = f"{home.codes[2]}{birth}"
    return Person(
        full,
        last,
        f"{PREFIXES[int(draw() * 12)]}{int(draw() * 1e8):08d}",
        f"{card}{1 + int(draw() * 9998):04d}",
        f"{home.codes[2]}{birth}{1 + int(draw() * 9998):04d}",
        home,
    )
