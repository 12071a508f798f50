"""Read one date: its day, its time, its zone, each found where papers put it."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from aggregator.core.dates import days
from aggregator.core.dates.names import AFTER_NOON, BEFORE_NOON
from aggregator.core.dates.zones import FARTHEST, find_offset

LONGEST: Final = 120  # characters: what is longer is a text, not a date
SPOKEN_LONGEST: Final = 60
EARLIEST: Final = 1900
LATEST: Final = 9000  # leaves room for any arithmetic; what is in the future is for the caller to doubt
EPOCH: Final = re.compile(r"(\d{9,10})(\d{3})?(?:\.\d+)?")
TIME: Final = re.compile(
    r"(?<![\d.:/])(\d{1,2})\s?[:.h٫]\s?(\d{2})(?:\s?[:.]\s?(\d{2})(?:[.,]\d+)?)?(?![\d:])\s*([^\W\d_]\.?[^\W\d_]?\.?[^\W\d_]{0,4})?"
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
    epoch = EPOCH.fullmatch(given)
    if epoch:
        return ParsedDate(value=datetime.fromtimestamp(int(epoch.group(1)), tz=UTC))
    found = days.find(given, language)
    if found is None:
        return _spoken(given, language, zone)
    day, before, after = found
    if day is None or not EARLIEST <= day.year <= LATEST:
        return None
    clock = _time(after) or _time(before)
    if clock is None:
        return ParsedDate(value=_aware(datetime(day.year, day.month, day.day), zone), day_only=True)  # noqa: DTZ001
    since_midnight, offset = clock
    moment = datetime(day.year, day.month, day.day) + since_midnight  # noqa: DTZ001 - the zone comes next
    return ParsedDate(value=_aware(moment, zone if offset is None or timezone_wins else _fixed(offset)))


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
    hour, minute, second = (int(group or 0) for group in found.groups()[:3])
    half = (found.group(4) or "").rstrip(".")
    if minute > 59 or second > 60:
        return None
    rest = text[found.end() :]
    if half in AFTER_NOON and hour < 12:
        hour += 12
    elif half in BEFORE_NOON and hour == 12:
        hour = 0
    elif half and half not in BEFORE_NOON | AFTER_NOON:
        rest = text[found.start(4) :]
    if hour > 24 or (hour == 24 and (minute or second)):
        return None
    # A leap second is told as the second before it: no clock here counts one.
    return timedelta(hours=hour, minutes=minute, seconds=min(second, 59)), find_offset(rest)


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
    looks_like_one = any(c.isdigit() for c in given) and any(c.isalpha() for c in given)
    if not tag or not looks_like_one or len(given) > SPOKEN_LONGEST:
        return None
    import dateparser

    settings = {
        "PARSERS": ["absolute-time"],
        "REQUIRE_PARTS": ["day", "month", "year"],
        "RELATIVE_BASE": RELATIVE_BASE,
        "RETURN_AS_TIMEZONE_AWARE": False,
    }
    try:
        found = dateparser.parse(given, languages=[tag], settings=settings)
    except (ValueError, OverflowError, TypeError):  # an unknown language is a ValueError
        return None
    if found is None or not EARLIEST <= found.year <= LATEST:
        return None
    day = date(found.year, found.month, found.day)
    day_only = found.replace(tzinfo=None) == datetime(day.year, day.month, day.day)  # noqa: DTZ001
    aware = found if found.tzinfo else _aware(found, zone)
    return ParsedDate(value=aware, day_only=day_only)
