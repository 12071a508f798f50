"""The two forms of the standards, RFC 3339 and RFC 822, as nearly every feed writes them: without any search."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Final

from aggregator.core.dates.zones import FARTHEST

YEARS: Final = range(1900, 2300)  # what is of another is looked at more closely: Thai years, 0001, 9999
_RFC822: Final = re.compile(
    r"(?:[A-Z][a-z]{2}, )?([0-3]?[0-9]) ([A-Z][a-z]{2}) ([12][0-9]{3}) ([0-2][0-9]):([0-5][0-9]):([0-5][0-9])"
    r" (GMT|UTC|Z|[+-][0-9]{4})"
)
_RFC3339: Final = re.compile(
    r"[12][0-9]{3}-[01][0-9]-[0-3][0-9][Tt ][0-2][0-9]:[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,9})?"
    r"(?:[Zz]|[+-][0-9]{2}:?[0-9]{2})"
)
_NAMES: Final = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec"
_MONTHS: Final[Mapping[str, int]] = {name: number for number, name in enumerate(_NAMES.split(), start=1)}


def read(text: str) -> datetime | None:
    """Read a date of a standard, to the second, with its offset; None: it is none, or has to be looked at closely."""
    found = _RFC822.fullmatch(text)
    if found:
        return _rfc822(found)
    if not _RFC3339.fullmatch(text):
        return None
    try:
        moment = datetime.fromisoformat(text.upper())
    except ValueError:  # 30 February, 24:00, +99:99
        return None
    if moment.year not in YEARS or abs(moment.utcoffset() or timedelta()) > FARTHEST:
        return None
    return moment.replace(microsecond=0) if moment.microsecond else moment


def _rfc822(found: re.Match[str]) -> datetime | None:
    day, name, year, hour, minute, second, zone = found.groups()
    month, offset = _MONTHS.get(name), _offset(zone)
    if month is None or offset is None or int(year) not in YEARS:
        return None
    try:
        return datetime(int(year), month, int(day), int(hour), int(minute), int(second), tzinfo=offset)
    except ValueError:
        return None


@lru_cache(maxsize=256)
def _offset(zone: str) -> tzinfo | None:
    """Give the offset of "+0700"; None when there is none such."""
    if zone[0] not in "+-":
        return UTC
    offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[3:]))
    if int(zone[3:]) > 59 or offset > FARTHEST:
        return None
    return timezone(-offset if zone[0] == "-" else offset)
