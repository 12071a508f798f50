"""Dates of which an editor says how they are written: "DD/MM/YYYY HH.mm", for forms that would be read otherwise."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from aggregator.core.dates import ParsedDate

LONGEST: Final = 60  # characters of a format
_TOKEN: Final = re.compile(r"YYYY|YY|MMMM|MMM|MM|M|DD|D|HH|H|hh|h|mm|ss|A|a|\[[^\[\]]*\]")
_YEAR, _YEAR2, _NAME = r"(?P<year>\d{4})", r"(?P<year>\d{2})", r"(?P<name>[^\W\d_]+)\.?"
_MONTH, _DAY, _HOUR = r"(?P<month>\d{1,2})", r"(?P<day>\d{1,2})", r"(?P<hour>\d{1,2})"
_HALF: Final = r"(?P<half>[AaPp]\.?[Mm]\.?)"
_PATTERNS: Final = {
    "YYYY": _YEAR, "YY": _YEAR2, "MMMM": _NAME, "MMM": _NAME, "MM": _MONTH, "M": _MONTH, "DD": _DAY, "D": _DAY,
    "HH": _HOUR, "H": _HOUR, "hh": _HOUR, "h": _HOUR, "mm": r"(?P<minute>\d{2})", "ss": r"(?P<second>\d{2})",
    "A": _HALF, "a": _HALF,
}  # fmt: skip


class FormatError(ValueError):
    """A text is no format of a date that can be used."""


@lru_cache(maxsize=512)
def compiled(given: str) -> re.Pattern[str]:
    """Read a format: YYYY MM DD HH mm ss A, MMM for a month's name, `[at]` for words; raises FormatError."""
    if len(given) > LONGEST:
        raise FormatError(f"it is {len(given)} characters long; the most is {LONGEST}")
    pieces: list[str] = []
    at = 0
    for match in _TOKEN.finditer(given):
        pieces += (_literal(given[at : match.start()]), _PATTERNS.get(match[0]) or _literal(match[0][1:-1]))
        at = match.end()
    pieces.append(_literal(given[at:]))
    try:
        pattern = re.compile("".join(pieces))
    except re.error as error:
        raise FormatError("a part of the date stands in it twice") from error
    names = pattern.groupindex
    if not {"year", "day"} <= names.keys() or not {"month", "name"} & names.keys():
        raise FormatError('it must name day, month and year, as in "DD/MM/YYYY HH:mm"')
    if "minute" in names and "hour" not in names:
        raise FormatError("it has minutes but no hour (HH)")
    return pattern


def _literal(text: str) -> str:
    """A stretch between parts: blanks fit any blanks."""
    return r"\s*".join(map(re.escape, re.split(r"\s+", text)))


def read_formatted(text: str, formats: tuple[str, ...], *, language: str, timezone: str) -> ParsedDate | None:
    """Read a date in one of these formats, with the zone that is written behind it; None where none fits."""
    from aggregator.core.dates import parse_date

    for given in formats:
        match = compiled(given).search(text)
        plain = _plain(match, language) if match else None
        behind = text[match.end() : match.end() + 12] if match else ""
        found = parse_date(f"{plain}{behind}", language=language, timezone=timezone) if plain else None
        if found is not None:
            return found
    return None


def _plain(match: re.Match[str], language: str) -> str | None:
    """The same date as RFC 3339 writes it, which nobody can read in two ways."""
    parts = match.groupdict()
    month = int(parts["month"]) if parts.get("month") else _month(parts["name"], language)
    if month is None:
        return None
    year = parts["year"] if len(parts["year"]) == 4 else f"20{parts['year']}"
    day = f"{year}-{month:02}-{int(parts['day']):02}"
    if not parts.get("hour"):
        return day
    seconds = f":{parts['second']}" if parts.get("second") else ""
    half = f" {parts['half']}" if parts.get("half") else ""
    return f"{day} {parts['hour']}:{parts.get('minute') or '00'}{seconds}{half}"


def _month(name: str, language: str) -> int | None:
    from aggregator.core.dates import parse_date

    found = parse_date(f"1 {name} 2000", language=language)
    return found.value.month if found else None
