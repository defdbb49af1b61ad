"""How busy a dealer's day is: weekdays, paydays, the weeks around Lebaran, and growth over the years.

Factors are relative to an ordinary day (1.0). Sales peak before Lebaran (holiday allowance), the workshop peaks with
the journey home, and both slump during the holiday.
"""

import math
from datetime import date
from functools import lru_cache

from sandbox.times import calendar_date, day_number

LEBARAN = tuple(
    day_number(day)
    for day in (
        date(2022, 5, 2),
        date(2023, 4, 22),
        date(2024, 4, 10),
        date(2025, 3, 31),
        date(2026, 3, 20),
        date(2027, 3, 10),
        date(2028, 2, 27),
        date(2029, 2, 14),
        date(2030, 2, 4),
    )
)

# Monday to Sunday.
_SHOWROOM_WEEK = (1.0, 0.95, 1.0, 1.0, 1.05, 1.35, 0.4)
_WORKSHOP_WEEK = (1.15, 1.0, 0.95, 1.0, 1.0, 1.3, 0.15)


def _around_lebaran(day: int, peak: float) -> float:
    for feast in LEBARAN:
        ahead = feast - day
        if 3 < ahead <= 24:
            return 1.0 + (peak - 1.0) * (1 - abs(ahead - 11) / 21)
        if -7 <= ahead <= 1:
            return 0.12
        if -12 <= ahead < -7:
            return 0.7
    return 1.0


@lru_cache(maxsize=4096)
def showroom(day: int) -> float:
    """Factor for prospects: more around payday (25th to 5th), in June to August and in December's first half."""
    when = calendar_date(day)
    payday = 1.2 if when.day >= 25 or when.day <= 5 else 0.92
    season = 1.0 + 0.08 * math.cos(2 * math.pi * (when.timetuple().tm_yday - 200) / 365)
    return _SHOWROOM_WEEK[when.weekday()] * payday * season * _around_lebaran(day, 1.5) * growth(when)


@lru_cache(maxsize=4096)
def workshop(day: int) -> float:
    """Factor for workshop visits and parts."""
    when = calendar_date(day)
    payday = 1.08 if when.day >= 25 or when.day <= 5 else 0.96
    return _WORKSHOP_WEEK[when.weekday()] * payday * _around_lebaran(day, 1.6) * growth(when)


def growth(when: date) -> float:
    """About 5 % a year, 1.0 in the middle of 2026."""
    return max(0.6, min(1.6, 1.0 + 0.05 * ((when - date(2026, 7, 1)).days / 365)))
