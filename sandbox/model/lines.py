"""Lines of jobs and parts, and the sums that hold between them (whole rupiah throughout)."""

from dataclasses import dataclass
from random import Random
from typing import Any

from sandbox.catalogue import VAT_PERCENT, Job, Part


def vat(amount: int) -> int:
    """VAT on an amount, rounded to whole rupiah."""
    return (amount * VAT_PERCENT + 50) // 100


@dataclass(frozen=True, slots=True)
class ServiceLine:
    """A job on a work order."""

    job: Job
    price: int
    promotion: str
    percent: int

    @property
    def discount(self) -> int:
        """Discount amount."""
        return self.price * self.percent // 100

    @property
    def total(self) -> int:
        """What the customer pays for the job."""
        return self.price - self.discount

    def record(self, price_key: str) -> dict[str, Any]:
        """The line as pkb (`biayaService`) and inv2 (`hargaServis`) share it."""
        return {
            "idJob": self.job.code,
            price_key: self.price,
            "promoIdJasa": self.promotion,
            "discServiceAmount": self.discount,
            "discServicePercentage": f"{self.percent},0",
            "totalHargaServis": self.total,
        }


@dataclass(frozen=True, slots=True)
class PartLine:
    """A part sold; price and VAT are for one piece, the discount for the line."""

    part: Part
    quantity: int
    promotion: str = ""
    percent: int = 0
    deposit: int = 0
    job_code: str = ""

    @property
    def vat(self) -> int:
        """VAT on one piece."""
        return vat(self.part.price)

    @property
    def discount(self) -> int:
        """Discount amount of the line."""
        return self.quantity * self.part.price * self.percent // 100

    @property
    def total(self) -> int:
        """quantity x (price + VAT) - discount."""
        return self.quantity * (self.part.price + self.vat) - self.discount

    def record(self) -> dict[str, Any]:
        """The line as pkb and inv2 share it."""
        return {
            "idJob": self.job_code,
            "partsNumber": self.part.number,
            "kuantitas": self.quantity,
            "hargaParts": self.part.price,
            "promoIdParts": self.promotion,
            "discPartsAmount": self.discount,
            "discPartsPercentage": f"{self.percent},0",
            "ppn": self.vat,
            "totalHargaParts": self.total,
            "uangMuka": self.deposit,
        }

    def sale_record(self, booking: str) -> dict[str, Any]:
        """The line as prsl has it; `booking` is the hotline order it came from, or ""."""
        return {
            "partsNumber": self.part.number,
            "kuantitas": self.quantity,
            "hargaParts": self.part.price,
            "promoIdParts": self.promotion,
            "discAmount": self.discount,
            "discPercentage": f"{self.percent},0",
            "ppn": self.vat,
            "totalHargaParts": self.total,
            "uangMuka": self.deposit,
            "bookingIdReference": booking,
        }


def draw_discount(rng: Random, prefix: str) -> tuple[str, int]:
    """Promotion id and percentage; mostly none."""
    draw = rng.random()
    if draw > 0.15:
        return "", 0
    return f"{prefix}{1 + int(draw * 60):03d}", (5, 10, 15)[int(draw * 20)]
