"""Find the day in a text: 2022-01-08, 08/01/2022, 8 Januari 2022, January 8, 2022, Sat Jan 8 05:06 2022."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Final

from aggregator.core.dates.names import MONTHS

# Day, what stands before it and what stands after it in the text; the day is None where it cannot be.
Found = tuple[date | None, str, str]

ISO: Final = re.compile(r"(?<![\d\w])(\d{4,5})([-/.])(\d{1,2})\2(\d{1,2})(?!\d)(?:t(?=\d))?")
COMPACT: Final = re.compile(r"(?<!\d)(\d{4})(\d{2})(\d{2})(?:t(?=\d{4})(\d{2})(\d{2})(\d{2})?)?(?!\d)")
NUMERIC: Final = re.compile(r"(?<![\d\w.])(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})(?![\d:])")
EAST: Final = re.compile(r"(\d{4})\s?[年년]\s?(\d{1,2})\s?[月월]\s?(\d{1,2})\s?[日일]")
_NAME: Final = r"([^\W\d_][^\W\d_'’]*(?: (?:الأول|الاول|الثاني))?)\.?"
_BETWEEN: Final = r"(?:\s+(?:de|del|do)\s+|[\s,.\-/]+)"
DAY_FIRST: Final = re.compile(
    rf"(?<!\d)(\d{{1,2}})(?:\s?(?:st|nd|rd|th|er|º|°|-(?:го|е)))?{_BETWEEN}{_NAME}{_BETWEEN}'?(\d{{4,5}}|\d{{2}})(?![\d:])"
)
MONTH_FIRST: Final = re.compile(rf"{_NAME}[\s\-]+(\d{{1,2}})(?:st|nd|rd|th)?[\s,\-]+(\d{{4,5}})(?![\d:])")
YEAR_FIRST: Final = re.compile(
    rf"(?<!\d)(\d{{4}})(?:\s?(?:ж|г|жылғы|жылы|жыл)\b\.?)?[\s,.\-]+(?:(\d{{1,2}})[\s\-]+)?{_NAME}(?:[\s,\-]+(\d{{1,2}})(?![\d:]))?"
)
YEAR_LAST: Final = re.compile(rf"{_NAME}[\s]+(\d{{1,2}})[\s,]+(\d{{1,2}}:.*?)\s(\d{{4}})(?!\d)")


def find(text: str, language: str) -> Found | None:
    """Find the day in a casefolded text; None when no form of a date is in it."""
    for form in FORMS:
        found = form(text, language)
        if found is not None:
            return found
    return None


def _iso(text: str, _language: str) -> Found | None:
    hit = ISO.search(text)
    if hit is None:
        return None
    return _day(hit.group(1), hit.group(3), hit.group(4)), text[: hit.start()], text[hit.end() :]


def _east(text: str, _language: str) -> Found | None:
    hit = EAST.search(text)
    return (_day(*hit.groups()), text[: hit.start()], text[hit.end() :]) if hit else None


def _compact(text: str, _language: str) -> Found | None:
    hit = COMPACT.search(text)
    if hit is None:
        return None
    year, month, day, hour, minute, second = hit.groups()
    after = f"{hour}:{minute}:{second or '00'}{text[hit.end() :]}" if hour else text[hit.end() :]
    return _day(year, month, day), text[: hit.start()], after


def _numeric(text: str, language: str) -> Found | None:
    hit = NUMERIC.search(text)
    if hit is None:
        return None
    first, mark, second, year = int(hit.group(1)), hit.group(2), int(hit.group(3)), hit.group(4)
    american = mark == "/" and (
        _is_american(language) or (not language and re.search(r"\d\s?[ap]m\b", text) is not None)
    )
    if second > 12 or (american and first <= 12):
        first, second = second, first
    return _day(year, second, first), text[: hit.start()], text[hit.end() :]


def _day_first(text: str, _language: str) -> Found | None:
    for hit in DAY_FIRST.finditer(text):
        month = _month(hit.group(2))
        if month:
            return _day(hit.group(3), month, hit.group(1)), text[: hit.start()], text[hit.end() :]
    return None


def _month_first(text: str, _language: str) -> Found | None:
    for hit in MONTH_FIRST.finditer(text):
        month = _month(hit.group(1))
        if month:
            return _day(hit.group(3), month, hit.group(2)), text[: hit.start()], text[hit.end() :]
    return None


def _year_last(text: str, _language: str) -> Found | None:
    for hit in YEAR_LAST.finditer(text):
        month = _month(hit.group(1))
        if month:
            return (
                _day(hit.group(4), month, hit.group(2)),
                text[: hit.start()],
                hit.group(3) + text[hit.end() :],
            )
    return None


def _year_first(text: str, _language: str) -> Found | None:
    for hit in YEAR_FIRST.finditer(text):
        month, day = _month(hit.group(3)), hit.group(2) or hit.group(4)
        if month and day:
            return _day(hit.group(1), month, day), text[: hit.start()], text[hit.end() :]
    return None


# In this order: the form that says most about itself first.
FORMS: Final[tuple[Callable[[str, str], Found | None], ...]] = (
    _iso,
    _east,
    _day_first,
    _month_first,
    _year_last,
    _year_first,
    _numeric,
    _compact,
)


def _month(name: str) -> int | None:
    return MONTHS.get(name) or MONTHS.get(name.partition(" ")[0])


def _day(year: str | int, month: str | int, day: str | int) -> date | None:
    number = int(year)
    if len(str(year)) <= 2:
        number += 2000 if number < 70 else 1900  # RFC 2822, 4.3, moved on by twenty years
    try:
        return date(number, int(month), int(day))
    except ValueError:
        return None


def _is_american(language: str) -> bool:
    return language.lower() in {"en", "en-us", "en-ph"}
