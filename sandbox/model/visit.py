"""One visit to the workshop: the work order (pkb) and the notes it is billed with (inv2).

Sales bring first services, the workshop's own journeys everything else; both plan and write visits with this module.
"""

from collections.abc import Callable
from functools import cached_property
from random import Random
from typing import Any
from weakref import proxy

from sandbox.catalogue import ADVICE, COMPLAINTS, FREE_SERVICES, JOBS, PARTS
from sandbox.model import staff
from sandbox.model.journey import Document, Journey, Weighted
from sandbox.model.lines import PartLine, ServiceLine, draw_discount
from sandbox.model.vehicles import Vehicle
from sandbox.people import name
from sandbox.places import address
from sandbox.times import DAY, clock_text, date_text, stamp

START, PAUSE, PENDING, FINISH, CANCEL = "1", "2", "3", "4", "5"

_JOB = Weighted(JOBS, [job.weight for job in JOBS])
_ORIGIN = Weighted(
    ("NP", "PEOT", "PEIN", "RM", "SVAH", "SVHC", "SVPS", "SVGC", "SVPA", "SVER", "AE01", "AE02", "AE03"),
    (58, 4, 9, 10, 2, 2, 4, 3, 2, 1, 1, 2, 2),
)
_BAY = Weighted(("1", "2", "3", "4"), (70, 14, 10, 6))
_PAYMENT = Weighted(("1", "2", "3", "4", "5", "6", "99"), (62, 2, 10, 12, 11, 2, 1))
_RELATION = ("1", "2", "3", "4", "5", "6", "0")


class Visit:
    """A planned visit. Statuses are those of the work order's versions; `earlier` is the visit that this one mends.

    `mark` ends the visit's document numbers and keeps them apart from those of the dealer's other visits.
    """

    def __init__(
        self, journey: Journey, start: int, mark: str, *, free_service: int = -1, earlier: "Visit | None" = None
    ) -> None:
        # The journey holds this object: no cycle, so that both are freed at once.
        self.journey: Journey = proxy(journey)
        self.start = start
        self.mark = mark
        self.free_service = free_service
        self.earlier = earlier
        self.part = sum(document.module == "pkb" and not document.twin for document in journey.documents)
        draw = journey.rng.random
        minutes = 30 + int(draw() * 80)
        cancelled = draw() < 0.02
        held = draw()
        self.statuses = [START]
        changes: list[int] = []
        if held < 0.10 and not cancelled:
            changes.append(start + minutes * 20)
            self.statuses.append(PAUSE if held < 0.06 else PENDING)
            # Most that wait go on the same day, some stay overnight or two nights.
            minutes += 60 if held < 0.05 else 1440 + int(draw() * 300)
        self.finish = start + minutes * 60
        forgotten = held > 0.985
        if not forgotten:
            changes.append(self.finish)
            self.statuses.append(CANCEL if cancelled else FINISH)
        journey.add("pkb", start, tuple(changes), part=self.part)
        if not cancelled and not forgotten:
            billed = self.finish + 120 + int(draw() * 900)
            corrected = (billed + DAY + int(draw() * 7200),) if draw() < 0.02 else ()
            journey.add("inv2", billed, corrected, part=self.part)

    @cached_property
    def rng(self) -> Random:
        """Random numbers for what this visit's documents say."""
        return self.journey.dealer.stream(self.journey.kind + 32, self.journey.day, self.journey.number * 4 + self.part)

    def number(self, prefix: str, document: Document) -> str:
        """Number of one of this visit's documents."""
        return self.journey.document_number(prefix, document) + self.mark

    @property
    def work_order(self) -> str:
        """Number of the work order."""
        return self.journey.number_at("WO", self.start) + self.mark

    @cached_property
    def staff(self) -> dict[str, str]:
        """Service advisor and mechanic."""
        dealer = self.journey.dealer
        draw = dealer.stream(self.journey.kind + 96, self.journey.day, self.journey.number * 4 + self.part).random
        return {"hondaIdSA": staff.service_advisor(dealer, draw()), "hondaIdMekanik": staff.mechanic(dealer, draw())}

    @cached_property
    def lines(self) -> tuple[list[ServiceLine], list[PartLine]]:
        """Jobs done and parts used; no two lines are the same. Draws first: both documents have them."""
        rng = self.rng
        draw = rng.random
        if self.free_service >= 0:
            job = FREE_SERVICES[self.free_service]
            return [ServiceLine(job, job.price, "", 100)], [PartLine(PARTS[0], 1, job_code=job.code)]
        jobs = {_JOB.pick(draw()) for _ in range(1 if draw() < 0.62 else 2 if draw() < 0.8 else 3)}
        services, parts = [], []
        for job in sorted(jobs, key=lambda one: one.code):
            promotion, percent = ("", 100) if self.earlier is not None else draw_discount(rng, "PJ")
            services.append(ServiceLine(job, job.price, promotion, percent))
            for place in job.parts:
                if draw() < 0.62:
                    promotion, percent = draw_discount(rng, "PP")
                    quantity = 1 if draw() < 0.93 else 2
                    parts.append(PartLine(PARTS[place], quantity, promotion, percent, job_code=job.code))
        return services, parts

    @cached_property
    def story(self) -> dict[str, Any]:
        """What the work order says that is neither vehicle, people, lines nor status."""
        draw = self.rng.random
        bay = _BAY.pick(draw())
        return {
            "informasiBensin": str(1 + int(draw() * 4)),
            "kmTerakhir": 800 + int(draw() * 400) + 2600 * self.free_service
            if self.free_service >= 0
            else 3_000 + int(draw() ** 1.5 * 60_000),
            "keluhanKonsumen": COMPLAINTS[int(draw() * len(COMPLAINTS))],
            "rekomendasiSA": ADVICE[int(draw() * len(ADVICE))],
            "saranMekanik": ADVICE[int(draw() * len(ADVICE))],
            "asalUnitEntry": _ORIGIN.pick(draw()),
            "idPIT": str(1 + int(draw() * 6)),
            "jenisPIT": bay,
            "waktuPendaftaran": stamp(self.start - 240 - int(draw() * 900)),
            "setUpPembayaran": _PAYMENT.pick(draw()),
            "catatanTambahan": "" if draw() < 0.9 else "Konsumen menunggu",
            "konfirmasiPekerjaanTambahan": "1" if draw() < 0.25 else "0",
            "noBukuClaimC2": "" if self.free_service < 0 else f"C2{self.journey.serial:06d}",
        }

    @cached_property
    def bringer(self) -> tuple[str, str, str, str, tuple[str, ...], str]:
        """Who comes: coming type, relation, name, street, place codes, telephone."""
        rng = self.rng
        vehicle = self.vehicle
        owner = vehicle.owner
        if rng.random() < 0.68:
            return "1", "0", owner.name[:30], owner.home.street[:50], owner.home.codes, owner.phone
        relation = _RELATION[int(rng.random() * 6)]
        near = relation in ("1", "2", "6")
        full, _, _ = name(rng, owner.family_name if relation in ("1", "2", "3") else None)
        home = owner.home if near else address(rng, self.journey.dealer.city)
        phone = f"0812{int(rng.random() * 1e8):08d}"
        return ("2" if rng.random() < 0.6 else "3"), relation, full[:30], home.street[:50], home.codes, phone

    @cached_property
    def vehicle(self) -> Vehicle:
        """The motorcycle, as the journey knows it."""
        find: Callable[[], Vehicle] = self.journey.visiting_vehicle  # type: ignore[attr-defined]
        return find()

    def pkb(self, document: Document, version: int) -> dict[str, Any]:
        """The work order in a version."""
        services, parts = self.lines
        status = self.statuses[version]
        done = status in (FINISH, CANCEL)
        vehicle, home = self.vehicle, self.vehicle.owner.home
        unit = vehicle.unit
        coming, relation, bringer, street, codes, phone = self.bringer
        flat_rate = clock_text(sum(line.job.minutes for line in services) * 60)
        return {
            "noWorkOrder": self.number("WO", document),
            "noSAForm": self.number("SAF", document),
            "tanggalServis": date_text(self.start // DAY),
            "waktuPKB": stamp(self.start),
            "noPolisi": vehicle.plate,
            "noRangka": unit.chassis,
            "noMesin": unit.engine,
            "kodeTipeUnit": unit.type.workshop_code,
            "tahunMotor": str(unit.year),
            "tipeComingCustomer": coming,
            "namaPemilik": vehicle.owner.name[:30],
            "alamatPemilik": home.street[:50],
            **dict(zip(_OWNER_KEYS, home.codes, strict=True)),
            "alamatPembawa": street,
            **dict(zip(_BRINGER_KEYS, codes, strict=True)),
            "namaPembawa": bringer,
            "noTelpPembawa": phone,
            "hubunganDenganPemilik": relation,
            **self.staff,
            **self.story,
            "waktuSelesai": stamp(self.finish) if done else "",
            "totalFRT": flat_rate,
            "noWorkOrderJobReturn": self.earlier.work_order if self.earlier is not None else "",
            "totalBiayaService": sum(line.total for line in services) + sum(line.total for line in parts),
            "waktuPekerjaan": clock_text(min(self.finish - self.start, DAY - 60)) if done else "",
            "statusWorkOrder": status,
            "services": [
                {**line.record("biayaService"), "namaPekerjaan": line.job.name, "jenisPekerjaan": line.job.kind}
                for line in services
            ],
            "parts": [line.record() for line in parts],
        }

    def inv2(self, document: Document, version: int) -> dict[str, Any]:
        """The notes of jobs and parts; a correction dates the parts note anew."""
        services, parts = self.lines
        billed = date_text(document.created // DAY)
        return {
            "noWorkOrder": self.work_order if not document.twin else self.number("WO", document),
            "noNJB": self.number("NJB", document),
            "tanggalNJB": billed,
            "totalHargaNJB": sum(line.total for line in services),
            "noNSC": self.number("NSC", document) if parts else "",
            "tanggalNSC": date_text(document.modified(version) // DAY) if parts else "",
            "totalHargaNSC": sum(line.total for line in parts),
            **self.staff,
            "njb": [line.record("hargaServis") for line in services],
            "nsc": [line.record() for line in parts],
        }


def _address_keys(suffix: str) -> tuple[str, ...]:
    return tuple(f"kode{what}{suffix}" for what in ("Propinsi", "Kota", "Kecamatan", "Kelurahan", "Pos"))


_OWNER_KEYS = _address_keys("Pemilik")
_BRINGER_KEYS = _address_keys("Pembawa")
