"""Years and days that are counted otherwise, told in the Gregorian calendar."""

from __future__ import annotations

import re
from datetime import date
from typing import Final

# Year before the first of an era: Reiwa 1 is 2019; the Republic of China counts from 1912.
ERAS: Final = {"令和": 2018, "平成": 1988, "昭和": 1925, "大正": 1911, "民国": 1911, "民國": 1911}
_ERA: Final = re.compile(rf"(?:中[华華])?({'|'.join(ERAS)})\s?(元|[0-9]{{1,3}})\s?年")
_SPELLED: Final = re.compile(r"[〇零○一二三四五六七八九十]{1,4}(?=\s?[年月日号號時时点點分秒])")
_SIGNS: Final = {
    sign: number for number, signs in enumerate(("〇零○", *"一二三四五六七八九")) for sign in signs
}
THAI: Final = 543  # years from the death of the Buddha to the first of ours
THAI_YEARS: Final = range(2400, 2700)
SOLAR_YEARS: Final = range(1250, 1500)
_EPOCH: Final = 226_894  # ordinal of the last day before 1 Farvardin 1
_CYCLE: Final = 33  # years, eight of which are leap years


def plain_years(text: str) -> str:
    """Write the years of an era, and numbers in Chinese signs, as numbers: 令和四年一月八日 is 2022年1月8日."""
    if "年" not in text and "月" not in text and "日" not in text:
        return text
    return _SPELLED.sub(_spelled, _ERA.sub(_of_era, _ERA.sub(_of_era, _SPELLED.sub(_spelled, text))))


def _of_era(found: re.Match[str]) -> str:
    number = 1 if found[2] == "元" else int(found[2])
    return f"{ERAS[found[1]] + number}年"


def _spelled(found: re.Match[str]) -> str:
    signs = found[0]
    if "十" not in signs:
        return "".join(str(_SIGNS[sign]) for sign in signs)
    tens, _, ones = signs.partition("十")
    if "十" in ones or len(tens) > 1 or len(ones) > 1:
        return signs
    return str(10 * (_SIGNS[tens] if tens else 1) + (_SIGNS[ones] if ones else 0))


def solar_hijri(year: int, month: int, day: int) -> date | None:
    """Give the day of the calendar of Iran and Afghanistan; None when there is none. 18 Dey 1400 is 8 January 2022.

    Leap years by the cycle of 33 years, which is right for the years 1244 to 1502.
    """
    longest = 31 if month <= 6 else 30 if month <= 11 or is_leap(year) else 29
    if year not in SOLAR_YEARS or not 1 <= month <= 12 or not 1 <= day <= longest:
        return None
    before = 31 * (month - 1) if month <= 7 else 186 + 30 * (month - 7)
    return date.fromordinal(_EPOCH + 365 * (year - 1) + _leaps_before(year) + before + day)


def is_leap(year: int) -> bool:
    """Whether a year of the solar Hijri calendar has 366 days."""
    return year % _CYCLE in {1, 5, 9, 13, 17, 22, 26, 30}


def _leaps_before(year: int) -> int:
    return 8 * (year // _CYCLE) + sum(map(is_leap, range(1, year % _CYCLE)))
