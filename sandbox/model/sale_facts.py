"""What the documents of one sale say: customer, prices, money, programmes. Drawn together, in a fixed order."""

from typing import TYPE_CHECKING, Any

from sandbox.catalogue import FINANCE, UNIT_TYPES
from sandbox.model import staff
from sandbox.model.vehicles import plate_number
from sandbox.people import name, person
from sandbox.places import address
from sandbox.times import DAY, clock_text, date_text, month_text

if TYPE_CHECKING:
    from sandbox.model.sale import Sale

_EVENT_SOURCES = ("0001", "0002", "0003")
_TENORS = (11, 17, 23, 29, 35)
_CHECKLIST = "Manual book,Jaket,Kartu servis"
_FLAT_RATE_A_MONTH = 0.017


def _address_keys(suffix: str) -> tuple[str, ...]:
    return tuple(f"kode{what}{suffix}" for what in ("Propinsi", "Kota", "Kecamatan", "Kelurahan", "Pos"))


_HOME, _OFFICE, _OWNER, _CARD = (_address_keys(suffix) for suffix in ("", "Kantor", "BPKB", "KK"))


class SaleFacts:
    """Parts of the records, ready to be merged into them."""

    def __init__(self, sale: "Sale") -> None:
        rng = sale.facts_rng
        draw = rng.random
        dealer = sale.dealer
        month = month_text(sale.day)
        self.customer = person(rng, dealer.city)
        sales_person = staff.sales_person(dealer, draw())
        event = ""
        if sale.source in _EVENT_SOURCES:
            event = f"EV/E/{dealer.main_dealer.id}/{dealer.id}/{month}/{1 + int(draw() * 4):03d}"
        programs = [f"PRM/{dealer.id}/{month}/{1 + int(draw() * 9):04d}" for _ in range(int(draw() * 2.4))]
        self.programs = ",".join(dict.fromkeys(programs))
        other = UNIT_TYPES[int(draw() * len(UNIT_TYPES))].code
        self.types_of_interest = [sale.unit_type.code]
        if draw() < 0.2 and other != sale.unit_type.code:
            self.types_of_interest.append(other)
        self.prospect = self._prospect(sale, sales_person, event)
        if sale.deal:
            self._money(sale)
            self._order(sale, sales_person, event)
            if not sale.cancelled:
                self._delivery(sale)

    def _prospect(self, sale: "Sale", sales_person: str, event: str) -> dict[str, Any]:
        draw = sale.facts_rng.random
        customer, home = self.customer, self.customer.home
        office = address(sale.facts_rng, sale.dealer.city) if draw() < 0.4 else None
        office_codes = office.codes if office else ("", "", "", "", "")
        return {
            "taggingProspect": "Yes" if draw() < 0.3 else "No",
            "namaLengkap": customer.name,
            "noKontak": customer.phone,
            "noKtp": customer.identity if draw() < 0.7 or sale.deal else "",
            "alamat": home.street,
            **dict(zip(_HOME, home.codes, strict=True)),
            "latitude": home.latitude,
            "longitude": home.longitude,
            "alamatKantor": office.street if office else "",
            **dict(zip(_OFFICE, office_codes, strict=True)),
            "kodePekerjaan": str(1 + int(draw() * 12)),
            "noKontakKantor": f"{sale.dealer.city.area_code}7{int(draw() * 1e6):06d}" if office else "",
            "waktuAppointment": clock_text((9 + int(draw() * 8)) * 3600 + int(draw() * 2) * 1800),
            "metodeFollowUp": "1234"[int(draw() ** 1.4 * 4)],
            "testRidePreference": "1" if draw() < 0.3 else "0",
            "idSalesPeople": sales_person,
            "idEvent": event,
        }

    def _money(self, sale: "Sale") -> None:
        draw = sale.facts_rng.random
        self.price = sale.unit_type.price + int(draw() * 8) * 50_000
        self.discount = int(draw() ** 2 * 20) * 50_000
        self.booking_fee = (300_000, 500_000, 500_000, 1_000_000)[int(draw() * 4)]
        due = sale.quantity * (self.price - self.discount)
        first = sale.quantity * self.booking_fee
        self.down_payment = max(int(due * (0.1 + draw() * 0.2)) // 100_000 * 100_000, first + 500_000)
        self.tenor = _TENORS[int(draw() ** 0.7 * len(_TENORS))]
        self.finance = FINANCE[int(draw() ** 1.5 * len(FINANCE))]
        borrowed = due - self.down_payment
        self.instalment = int(borrowed * (1 + _FLAT_RATE_A_MONTH * self.tenor) / self.tenor) // 1000 * 1000
        settlement = due - self.down_payment if sale.credit else due - first
        self.receipts = (first, self.down_payment - first, settlement)
        self.methods = tuple("1" if draw() < 0.55 else "2" for _ in range(3))

    def _order(self, sale: "Sale", sales_person: str, event: str) -> None:
        rng = sale.facts_rng
        draw = rng.random
        customer, home = self.customer, self.customer.home
        others = draw() < 0.08
        owner = person(rng, sale.dealer.city) if others else customer
        relatives = int(draw() * 3)
        self.relatives = [name(rng, customer.family_name)[0] for _ in range(relatives)]
        self.order = {
            "namaCustomer": customer.name,
            "noKtp": customer.identity,
            "alamat": home.street,
            **dict(zip(_HOME, home.codes, strict=True)),
            "noKontak": customer.phone,
            "namaBPKB": owner.name,
            "noKTPBPKB": owner.identity,
            "alamatBPKB": owner.home.street,
            **dict(zip(_OWNER, owner.home.codes, strict=True)),
            "latitude": home.latitude,
            "longitude": home.longitude,
            "NPWP": f"{10 + int(draw() * 89)}.{int(draw() * 1000):03d}.{int(draw() * 1000):03d}.{int(draw() * 10)}"
            f"-{int(draw() * 1000):03d}.000"
            if draw() < 0.35
            else "",
            "noKK": customer.family_card,
            "alamatKK": home.street,
            **dict(zip(_CARD, home.codes, strict=True)),
            "fax": "",
            "email": customer.email if draw() < 0.45 else "",
            "idSalesPeople": sales_person,
            "idEvent": event,
        }
        month = month_text(sale.ordered // DAY)
        self.customer_number = f"{sale.dealer.id}/{month}/CUS/{sale.serial:05d}"
        self.order_unit = {
            "kodeTipeUnit": sale.unit_type.code,
            "kodeWarna": sale.colour,
            "quantity": sale.quantity,
            "hargaJual": self.price,
            "diskon": self.discount,
            "amountPPN": round(self.price * 11 / 111),
            "fakturPajak": f"010.{sale.dealer.number:03d}-{month[:2]}.{sale.serial:08d}",
            "tipePembayaran": "2" if sale.credit else "1",
            "jumlahTandaJadi": self.booking_fee,
            "tanggalPengiriman": date_text(sale.planned_day),
            "idSalesProgram": self.programs,
            "idApparel": "" if draw() < 0.7 else f"86100X99 FA{int(draw() * 90):02d}ABCD",
        }

    def _delivery(self, sale: "Sale") -> None:
        rng = sale.facts_rng
        draw = rng.random
        customer, home = self.customer, self.customer.home
        self.driver = staff.driver(sale.dealer, draw())
        self.plates = [plate_number(sale.dealer.city.plate, rng) for _ in range(sale.quantity)]
        at_dealer = draw() < 0.25
        # Times of delivery are noted in quarters of an hour.
        arrival = sale.arrived // 900 * 900
        self.delivery = {
            "idCustomer": self.customer_number,
            "waktuPengiriman": clock_text(arrival).replace(":", "."),
            "checklistKelengkapan": _CHECKLIST if draw() < 0.8 else f"{_CHECKLIST},Helm",
            "lokasiPengiriman": "Dealer" if at_dealer else f"{home.street}, {home.city.name}",
            "latitude": home.latitude,
            "longitude": home.longitude,
            "namaPenerima": customer.name if draw() < 0.85 else name(rng, customer.family_name)[0],
            "noKontakPenerima": customer.phone,
        }
