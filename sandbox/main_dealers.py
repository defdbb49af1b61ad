"""The invented main dealers, as data: where they answer, what they keep, how they differ from DGI 1.3.

`Q7X` answers by the book. `K4B`, the second of size S, shows as many differences as go together; the others have
mixtures of their own, and among all of them every switch of `Differences` is on at least once.
"""

from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from sandbox.contract import modules
from sandbox.differences import BY_THE_BOOK, Differences

# Spellings of the field tables of DGI 1.3, which differ from its examples.
FIELD_TABLE_SPELLING = {
    "amount": "Amount",
    "status": "Status",
    "note": "Note",
    "kuantitas": "Kuantitas",
    "ppn": "Ppn",
    "uom": "Uom",
    "kodeKelurahanKantor": "KodeKelurahanKantor",
    "idSpk": "idSPK",
    "noKtp": "noKTP",
}
OWN_CODES = {
    "statusProspect": {"1": "L", "2": "M", "3": "H", "4": "D", "5": "N"},
    "statusShippingList": {"1": "RCV", "0": "OTW"},
}


@dataclass(frozen=True, slots=True, eq=False)
class MainDealer:
    """One main dealer: `h1` and `h23` are the paths in front of `/<module>/read`."""

    id: str
    name: str
    timezone: str
    cities: tuple[str, ...]
    h1: str
    h23: str
    differences: Differences = BY_THE_BOOK
    token_separator: str = ""
    range_days: int = 7
    lacks: frozenset[str] = frozenset()
    groups: tuple[str, ...] = ("Sentosa Motor", "Makmur Jaya")
    """Names of the dealer groups; each has one key."""
    daily_quota: int | None = None
    """Quota of the first group's key; the others have none."""
    modules: tuple[str, ...] = field(init=False)
    zone: ZoneInfo = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "modules", tuple(name for name in modules() if name not in self.lacks))
        object.__setattr__(self, "zone", ZoneInfo(self.timezone))


MAIN_DEALERS = (
    MainDealer(
        "Q7X",
        "Nusa Roda Jawa Tengah",
        "Asia/Jakarta",
        ("3374", "3372", "3319", "3302", "3373", "3375", "3376", "3371"),
        "/Q7X/dgi-api/v1.3",
        "/Q7X/dgi-api/v1.3",
    ),
    MainDealer(
        "K4B",
        "Mitra Roda Sulawesi",
        "Asia/Makassar",
        ("7371", "7372", "7306", "7311", "7373", "7309"),
        "/K4B/sales/dgi_api/v1",
        "/K4B/workshop/dgi-api/v1.2",
        Differences(
            numbers_as_text=True,
            decimal_comma=True,
            time_separator=".",
            year_first=True,
            swapped_coordinates=True,
            padded_ids=True,
            long_chassis=True,
            words=True,
            own_codes=OWN_CODES,
            key_spelling=FIELD_TABLE_SPELLING,
            no_value="mixed",
            modified_time="empty_until_changed",
            without_dealer_id=True,
            doch_without_chassis=True,
            extra_keys=True,
            over_long=True,
            delivery_row_per_record=True,
            work_order_pairs=True,
            sales_order_is_spk=True,
            customer_is_prospect=True,
            status_as_text=True,
            message="text",
            no_data="missing",
            no_data_is_refused=True,
            token_refusal="Invalid Token",
        ),
        token_separator=":",
        range_days=30,
        groups=("Anugerah Bahari", "Celebes Motor"),
        daily_quota=100_000,
    ),
    MainDealer(
        "M2D",
        "Wahana Timur Perkasa",
        "Asia/Jakarta",
        ("3578", "3573", "3515", "3509", "3571"),
        "/M2D/api/dgi-api/v1.5",
        "/M2D/api/dgi-api/v1.5",
        Differences(
            time_separator=":",
            no_value="null",
            message="list",
            no_data="null",
            modified_time="missing",
            delivery_row_per_record=True,
            silent_on_unknown_key=True,
        ),
        range_days=3,
        groups=("Surya Timur", "Brantas Jaya", "Arjuna Motor"),
    ),
    MainDealer(
        "T9C",
        "Dewata Roda Utama",
        "Asia/Makassar",
        ("5171", "5103", "5271"),
        "/T9C/dgi_api/v2",
        "/T9C/dgi_api/v2",
        Differences(
            dates_with_time=True,
            key_spelling={"kuantitas": "Kuantitas", "noKtp": "noKTP"},
            no_value="missing",
            status_as_text=True,
            message="text",
            silent_without_to_time=True,
        ),
        lacks=frozenset({"lsng", "unpaidhlo", "dphlo"}),
    ),
    MainDealer(
        "H3P",
        "Cendrawasih Motor Lestari",
        "Asia/Jayapura",
        ("9471", "9401", "9171"),
        "/H3P/dgi-api/v1.3",
        "/H3P/dgi-api/v1.3",
        Differences(numbers_as_text=True, year_first=True, no_data_is_refused=True, words=True),
        groups=("Cendrawasih Jaya",),
    ),
    MainDealer(
        "R5L",
        "Priangan Roda Sejahtera",
        "Asia/Jakarta",
        ("3273", "3275", "3271", "3274", "3278"),
        "/R5L/h1/dgi-api/v1.3",
        "/R5L/h23/dgi-api/v1.3",
        Differences(long_chassis=True, padded_ids=True, sales_order_is_spk=True),
        groups=("Parahyangan Motor", "Siliwangi Jaya", "Citra Priangan", "Galuh Motor"),
    ),
    MainDealer(
        "B6N",
        "Deli Roda Andalan",
        "Asia/Jakarta",
        ("1275", "1276", "1273"),
        "/B6N/dgi-api/v1.3",
        "/B6N/dgi-api/v1.3",
        Differences(work_order_pairs=True, customer_is_prospect=True, message="list", extra_keys=True),
    ),
    MainDealer(
        "W8S",
        "Musi Roda Persada",
        "Asia/Jakarta",
        ("1671", "1871"),
        "/W8S/dgi-api/v1.2",
        "/W8S/dgi-api/v1.2",
        Differences(
            decimal_comma=True, swapped_coordinates=True, without_dealer_id=True, token_refusal="Invalid Token"
        ),
        token_separator=":",
    ),
    MainDealer(
        "J4K",
        "Jaya Roda Ibukota",
        "Asia/Jakarta",
        ("3171", "3172", "3174"),
        "/J4K/dgi-api/v1.3",
        "/J4K/dgi-api/v1.3",
        groups=("Ibukota Motor", "Betawi Jaya", "Menteng Roda", "Ciliwung Motor"),
    ),
    MainDealer(
        "D1F",
        "Barito Mahakam Motor",
        "Asia/Makassar",
        ("6371", "6471", "6472"),
        "/D1F/dgi-api/v1",
        "/D1F/dgi-api/v1",
        Differences(over_long=True, own_codes=OWN_CODES, doch_without_chassis=True, no_value="mixed"),
        lacks=frozenset({"spk"}),
    ),
)
