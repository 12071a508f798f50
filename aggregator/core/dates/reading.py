"""Read one date: its day, its time, its zone, each found where papers put it."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from aggregator.core.dates import days
from aggregator.core.dates.names import AFTER_NOON, BEFORE_NOON
from aggregator.core.dates.zones import FARTHEST, find_offset

LONGEST: Final = 120  # characters: what is longer is a text, not a date
SPOKEN_LONGEST: Final = 60
SPOKEN: Final = re.compile(r"\d.*[^\W\d_]|[^\W\d_].*\d")  # has a digit and a letter
HALVES: Final = AFTER_NOON | BEFORE_NOON
EARLIEST: Final = 1900
LATEST: Final = 9000  # leaves room for any arithmetic; what is in the future is for the caller to doubt
EPOCH: Final = re.compile(r"(\d{9,10})(\d{3})?(?:\.\d+)?")
TIME: Final = re.compile(
    r"(?<![\d.:/])(\d{1,2})\s?[:.h٫]\s?(\d{2})(?:\s?[:.]\s?(\d{2})(?:[.,]\d+)?)?(?![\d:])\s*([^\W\d_]\.?[^\W\d_]?\.?[^\W\d_]{0,4}|)"
)
HOUR: Final = re.compile(r"(?<![\d.:/])(\d{1,2})()()\s?([ap]\.?m)\b")
RELATIVE_BASE: Final = datetime(2000, 1, 1)  # noqa: DTZ001 - dateparser wants it naive; relative forms are refused


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedDate:
    """A date as claimed."""

    value: datetime  # aware, with the claimed offset, else that of the zone asked for
    day_only: bool = False  # it names a day and no time; the value is that day's midnight


def parse_date(
    text: str, *, language: str = "", timezone: str = "UTC", timezone_wins: bool = False
) -> ParsedDate | None:
    """Read a date; None when there is none, or none that can be (30 February, year 0, year 10000).

    `language` (BCP 47) decides on 08/01/2022; `timezone` (IANA) holds where the text names no zone, and with
    `timezone_wins` even where it does.
    """
    given = _folded(text)
    if not given or len(given) > LONGEST:
        return None
    zone = _zone(timezone)
    if epoch := EPOCH.fullmatch(given):
        return ParsedDate(value=datetime.fromtimestamp(int(epoch.group(1)), tz=UTC))
    found = days.find(given, language)
    return _written(found, zone, zone_wins=timezone_wins) if found else _spoken(given, language, zone)


def _written(found: days.Found, zone: tzinfo, *, zone_wins: bool) -> ParsedDate | None:
    """Put the day that was found and the time beside it together."""
    day, before, after = found
    if day is None or not EARLIEST <= day.year <= LATEST:
        return None
    midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - the zone comes next
    clock = _time(after) or _time(before)
    if clock is None:
        return ParsedDate(value=_aware(midnight, zone), day_only=True)
    since_midnight, offset = clock
    claimed = zone if offset is None or zone_wins else _fixed(offset)
    return ParsedDate(value=_aware(midnight + since_midnight, claimed))


def _folded(text: str) -> str:
    """Casefold, with plain digits and single blanks: Arabic and fullwidth digits count as digits."""
    plain = (
        unicodedata.normalize("NFKC", text[: 4 * LONGEST]).casefold().replace("i̇", "i").replace("\u0640", "")
    )
    digits = "".join(str(unicodedata.digit(c)) if c.isdigit() and not c.isascii() else c for c in plain)
    return " ".join("".join(c for c in digits if c not in "\u200e\u200f\u202a\u202b\u202c\ufeff").split())


def _time(text: str) -> tuple[timedelta, timedelta | None] | None:
    """Find a time of day and its zone: since midnight, and east of Greenwich."""
    found = next((hit for hit in TIME.finditer(text) if int(hit.group(1)) <= 24), None) or HOUR.search(text)
    if found is None:
        return None
    half = str(found.group(4) or "").rstrip(".")
    # What stands after the time is a half of the day, or else already the zone.
    rest = found.end() if half in HALVES else found.start(4)
    since_midnight = _since_midnight(found, half)
    return None if since_midnight is None else (since_midnight, find_offset(text[rest:]))


def _since_midnight(found: re.Match[str], half: str) -> timedelta | None:
    hour, minute, second = (int(f"0{found.group(place) or ''}") for place in (1, 2, 3))
    # A leap second is told as the second before it: no clock here counts one.
    moment = timedelta(hours=_hour(hour, half), minutes=minute, seconds=min(second, 59))
    return moment if minute < 60 and second <= 60 and moment <= timedelta(days=1) else None


def _hour(hour: int, half: str) -> int:
    if half in AFTER_NOON and hour < 12:
        return hour + 12
    return 0 if half in BEFORE_NOON and hour == 12 else hour


@lru_cache(maxsize=512)
def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return UTC


def _fixed(offset: timedelta) -> tzinfo:
    return timezone(offset) if abs(offset) <= FARTHEST else UTC


def _aware(moment: datetime, zone: tzinfo) -> datetime:
    """Put the offset of that moment in place of the zone: it is what the text claims, and it can be stored."""
    offset = moment.replace(tzinfo=zone).utcoffset() or timedelta(0)
    return moment.replace(tzinfo=timezone(offset))


def _spoken(given: str, language: str, zone: tzinfo) -> ParsedDate | None:
    """Ask dateparser for a form we do not know, in the one language given."""
    tag = language.partition("-")[0].lower()
    if not tag or len(given) > SPOKEN_LONGEST or not SPOKEN.search(given):
        return None
    found = _ask_dateparser(given, tag)
    if found is None or not EARLIEST <= found.year <= LATEST:
        return None
    day_only = found.time() == time()
    return ParsedDate(value=found if found.tzinfo else _aware(found, zone), day_only=day_only)


def _ask_dateparser(given: str, tag: str) -> datetime | None:
    import dateparser

    settings = {
        "PARSERS": ["absolute-time"],
        "REQUIRE_PARTS": ["day", "month", "year"],
        "RELATIVE_BASE": RELATIVE_BASE,
        "RETURN_AS_TIMEZONE_AWARE": False,
    }
    try:
        found: datetime | None = dateparser.parse(given, languages=[tag], settings=settings)
    except (ValueError, OverflowError, TypeError):  # an unknown language is a ValueError
        return None
    return found
