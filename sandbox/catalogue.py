"""What is sold and repaired: unit types, colours, parts, jobs, finance companies. All invented, priced as in Indonesia.

Prices are whole rupiah; part prices are before VAT.
"""

from dataclasses import dataclass

VAT_PERCENT = 11


@dataclass(frozen=True, slots=True)
class UnitType:
    """A motorcycle type: sales code (3 characters), workshop code (2), engine family, retail price, popularity."""

    code: str
    workshop_code: str
    family: str
    price: int
    weight: int


@dataclass(frozen=True, slots=True)
class Part:
    """A spare part: number, retail price before VAT, how often it is bought."""

    number: str
    price: int
    weight: int


@dataclass(frozen=True, slots=True)
class Job:
    """A workshop job: code, name, kind, price, flat rate in minutes, parts it may need, how often it is done."""

    code: str
    name: str
    kind: str
    price: int
    minutes: int
    parts: tuple[int, ...]
    weight: int


UNIT_TYPES = (
    UnitType("HP5", "BA", "JX99", 19_850_000, 26),
    UnitType("HP6", "BB", "JX98", 20_740_000, 18),
    UnitType("VR1", "CA", "KV21", 24_950_000, 14),
    UnitType("VR2", "CB", "KV22", 28_310_000, 11),
    UnitType("SC7", "DA", "JZ71", 22_600_000, 10),
    UnitType("PX3", "DB", "KP31", 34_200_000, 9),
    UnitType("RV4", "EA", "KD41", 18_150_000, 6),
    UnitType("SP8", "EB", "KE81", 32_750_000, 4),
    UnitType("AD9", "FA", "KF91", 39_400_000, 2),
)
COLOURS = ("BK", "RE", "WH", "BL", "SI", "GR", "BR", "MT")

PARTS = (
    Part("08232X99K0L", 49_550, 60),  # engine oil
    Part("08294X99Z9L", 15_770, 30),  # gear oil
    Part("06455X99900", 79_730, 16),  # front brake pads
    Part("06430X99910", 64_860, 12),  # rear brake shoes
    Part("17210X99A00", 55_860, 14),  # air filter
    Part("98056X99770", 21_620, 18),  # spark plug
    Part("23100X99B01", 128_830, 8),  # drive belt
    Part("22535X99C00", 76_580, 6),  # roller weights
    Part("31500X99D10", 220_720, 7),  # battery
    Part("44711X99A01", 193_919, 5),  # front tyre
    Part("42711X99A01", 229_730, 6),  # rear tyre
    Part("34901X99E00", 31_530, 8),  # headlight bulb
    Part("40510X99F00", 157_660, 4),  # chain kit
    Part("91201X99G00", 13_510, 5),  # oil seal
    Part("90301X99H00", 4_500, 6),  # bolt
    Part("35010X99J00", 247_750, 2),  # key set
    Part("53205X99L00", 166_670, 3),  # handle cover
    Part("61100X99M00", 198_200, 3),  # front fender
    Part("64501X99N00", 285_590, 2),  # side cowling
    Part("37200X99P00", 535_140, 1),  # speedometer
)
COUNTER_PARTS = (0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 14)
HOTLINE_PARTS = (9, 15, 16, 17, 18, 19, 12)

JOBS = (
    Job("KPB01", "Servis gratis ke-1", "ASS1", 35_000, 40, (0,), 0),
    Job("KPB02", "Servis gratis ke-2", "ASS2", 40_000, 45, (0,), 0),
    Job("BA010", "Ganti oli", "Ganti Oli", 15_000, 15, (0, 1), 34),
    Job("BA082", "Servis ringan", "Light Repair", 75_000, 45, (5, 4), 26),
    Job("BA083", "Servis lengkap", "Complete Service", 110_000, 70, (0, 1, 4, 5), 18),
    Job("BC120", "Ganti kampas rem depan", "Light Repair", 30_000, 25, (2,), 9),
    Job("BC121", "Ganti kampas rem belakang", "Light Repair", 30_000, 25, (3,), 7),
    Job("BD205", "Servis CVT", "Light Repair", 65_000, 50, (6, 7), 8),
    Job("BE301", "Ganti ban", "Light Repair", 25_000, 30, (9, 10), 6),
    Job("BE310", "Ganti aki", "Light Repair", 15_000, 15, (8,), 5),
    Job("BF402", "Perbaikan kelistrikan", "Heavy Repair", 90_000, 80, (11,), 3),
    Job("BG515", "Turun mesin", "Heavy Repair", 450_000, 300, (13, 14), 1),
    Job("BH600", "Ganti rantai dan gir", "Light Repair", 40_000, 40, (12,), 3),
)
FREE_SERVICES = (JOBS[0], JOBS[1])
COMPLAINTS = (
    "Rem depan bunyi",
    "Tarikan berat",
    "Servis rutin",
    "Mesin kasar saat dingin",
    "Lampu depan redup",
    "Oli rembes",
    "Aki lemah",
    "CVT bergetar",
    "Rantai kendor",
    "Ban gundul",
)
ADVICE = (
    "Periksa kampas rem",
    "Ganti oli dan cek filter",
    "Servis berikutnya 2.000 km lagi",
    "Ganti ban belakang bulan depan",
    "Cek kelistrikan",
    "",
)
FINANCE = (
    ("FX01", "Contoh Finance"),
    ("FX02", "Nusa Kredit Multiguna"),
    ("FX03", "Bina Motor Finance"),
    ("FX04", "Sahabat Pembiayaan"),
)
"""Finance company code and name."""
