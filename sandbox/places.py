"""Cities (`cities.csv`) and invented addresses in them.

Province, city and sub-district codes follow the pattern of the statistics office (BPS): 4-digit province (two digits
and 00), 4-digit city or regency, 6-digit sub-district; a village adds four digits. Coordinates are those of the city's
centre. `plate` is the letter of the licence plates there.
"""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random

from sandbox.names import names


@dataclass(frozen=True, slots=True)
class City:
    """A city or regency; coordinates in degrees."""

    name: str
    code: str
    plate: str
    latitude: float
    longitude: float
    postal: int
    area_code: str
    districts: tuple[str, ...]

    @property
    def province(self) -> str:
        """Province code, four digits."""
        return self.code[:2] + "00"


@dataclass(frozen=True, slots=True)
class Address:
    """Where somebody lives: street and codes, coordinates as decimal-comma text."""

    street: str
    district: str
    city: City
    codes: tuple[str, str, str, str, str]
    """Province, city, sub-district, village, postal code."""
    latitude: str
    longitude: str


@cache
def cities() -> dict[str, City]:
    """All cities by code."""
    with Path(__file__).with_name("cities.csv").open(newline="", encoding="utf-8") as file:
        return {
            row["code"]: City(
                row["name"],
                row["code"],
                row["plate"],
                float(row["latitude"]),
                float(row["longitude"]),
                int(row["postal"]),
                row["area_code"],
                tuple(row["districts"].split(";")),
            )
            for row in csv.DictReader(file)
        }


def decimal_comma(degrees: float) -> str:
    """Degrees with six decimals and a comma."""
    return f"{degrees:.6f}".replace(".", ",")


def address(rng: Random, city: City) -> Address:
    """An invented address in `city`."""
    draw = rng.random
    streets = names().streets
    district = int(draw() * len(city.districts))
    district_code = f"{city.code}{district + 1:02d}"
    village = int(draw() * 9)
    return Address(
        f"Jl. {streets[int(draw() * len(streets))]} No. {1 + int(draw() * 180)} "
        f"RT {1 + int(draw() * 12):03d} RW {1 + int(draw() * 9):03d}",
        city.districts[district],
        city,
        (
            city.province,
            city.code,
            district_code,
            f"{district_code}{1001 + village}",
            str(city.postal + district * 10 + village),
        ),
        decimal_comma(city.latitude + (draw() - 0.5) * 0.08),
        decimal_comma(city.longitude + (draw() - 0.5) * 0.08),
    )
