"""Find the day in a row of tokens: 2022-01-08, 08/01/2022, 8 Januari 2022, January 8, 2022, 2022 жылғы 8 қаңтар."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from aggregator.core.dates.calendars import SOLAR_YEARS, THAI, THAI_YEARS, solar_hijri
from aggregator.core.dates.tokens import Row, Token

EARLIEST: Final = 1900
LATEST: Final = 9000  # leaves room for any arithmetic; what is in the future is for the caller to doubt
SHORT_YEARS: Final = 70  # RFC 2822, 4.3, moved on by twenty years
THAI_LETTERS: Final = re.compile("[\u0e01-\u0e5b]")
COMPACT: Final = re.compile(r"(\d{4})(\d{2})(\d{2})")


@dataclass(frozen=True, slots=True)
class Setting:
    """What the reading of a day depends on besides its text."""

    language: str = ""  # primary subtag
    month_first: bool | None = None  # of 01/08/2022; None: nobody knows
    today: date | None = None  # None: a date without its year is none


@dataclass(frozen=True, slots=True)
class Found:
    """A day in a row of tokens, or a place where one is written that cannot be."""

    day: date | None
    first: int  # of the tokens that tell it
    after: int
    inner: tuple[int, int] | None = None  # tokens between, which tell the time ("Jan 8 05:06:00 2022")
    has_year: bool = True


Read = Callable[[Row, "re.Match[str]", Setting], "Found | None"]


@dataclass(frozen=True, slots=True)
class Form:
    """One way to write a day: as kinds of tokens, see `tokens`."""

    line: re.Pattern[str]
    read: Read = field(repr=False)


def find(row: Row, setting: Setting, start: int = 0) -> Found | None:
    """Find the first day from a token on; of forms that begin together the first in the list counts."""
    best: Found | None = None
    for form in FORMS:
        found = _first(form, row, setting, start)
        if found is not None and (best is None or found.first < best.first):
            best = found
    return best


def _first(form: Form, row: Row, setting: Setting, start: int) -> Found | None:
    return next(
        filter(None, (form.read(row, hit, setting) for hit in form.line.finditer(row.line, start))), None
    )


# -- from tokens to days


def _tokens(row: Row, hit: re.Match[str]) -> dict[str, Token]:
    """Give the tokens of the named groups of a form, each of which is one."""
    return {name: row.tokens[hit.start(name)] for name, kinds in hit.groupdict().items() if kinds}


def _named(row: Row, hit: re.Match[str], setting: Setting) -> Found | None:
    """Read a form with the name or the number of a month in its place."""
    told = _tokens(row, hit)
    year, month, day = (told.get(name) for name in ("year", "month", "day"))
    assert month is not None
    assert day is not None
    inner = hit.span("inner") if "inner" in hit.groupdict() else None
    if year is None:
        return _without_year(row, hit, setting, month.value, day.value)
    if month.kind == "J":
        found = solar_hijri(year.value, month.value, day.value)
    else:
        found = _date(_year(year, row, setting), month.value, day.value)
    return Found(found, hit.start(), hit.end(), inner)


def _without_year(row: Row, hit: re.Match[str], setting: Setting, month: int, day: int) -> Found | None:
    """Take the year in which the day came last, or comes tomorrow."""
    if setting.today is None or row.tokens[hit.start()].kind == "J":
        return None
    tomorrow = setting.today + timedelta(days=1)
    years = (tomorrow.year - back for back in range(9))  # to a 29 February, across 1900 too
    days = (_date(year, month, day) for year in years)
    found = next((each for each in days if each and each <= tomorrow), None)
    return Found(found, hit.start(), hit.end(), has_year=False) if found else None


def _numeric(row: Row, hit: re.Match[str], setting: Setting) -> Found | None:
    """Read 08/01/2022: by language, and by what can be a month."""
    told = _tokens(row, hit)
    first, second, year = told["first"], told["second"], told["year"]
    if not _belong_together(row, hit):
        return None
    day, month = first.value, second.value
    if month > 12 or (setting.month_first and told["mark"].kind != "." and day <= 12):
        day, month = month, day
    if setting.language == "fa" and year.value in SOLAR_YEARS:
        return Found(solar_hijri(year.value, month, day), hit.start(), hit.end())
    return Found(_date(_year(year, row, setting), month, day), hit.start(), hit.end())


def _year_first(row: Row, hit: re.Match[str], setting: Setting) -> Found | None:
    told = _tokens(row, hit)
    year, month, day = told["year"], told["month"], told["day"]
    if not _belong_together(row, hit):
        return None
    if year.kind == "k":
        of_republic = setting.language == "zh" and 90 <= year.value < 200
        found = _date(year.value + 1911, month.value, day.value) if of_republic else None
        return Found(found, hit.start(), hit.end()) if found else None
    if year.value in SOLAR_YEARS and setting.language in {"fa", "ps", "ckb"}:
        return Found(solar_hijri(year.value, month.value, day.value), hit.start(), hit.end())
    return Found(_date(_year(year, row, setting), month.value, day.value), hit.start(), hit.end())


def _compact(row: Row, hit: re.Match[str], _setting: Setting) -> Found | None:
    parts = COMPACT.fullmatch(row.tokens[hit.start()].text)
    found = _date(*map(int, parts.groups())) if parts else None
    return Found(found, hit.start(), hit.end()) if found else None


def _belong_together(row: Row, hit: re.Match[str]) -> bool:
    """Whether no more than a blank stands between the numbers and the marks, and no letter or number before."""
    tokens = row.tokens[hit.start() : hit.end()]
    gaps = (after.start - before.end for before, after in itertools.pairwise(tokens))
    if any(gap > 1 for gap in gaps):
        return False
    before = row.tokens[hit.start() - 1] if hit.start() else None
    return before is None or before.end < tokens[0].start or before.kind not in "x./"


def _year(token: Token, row: Row, setting: Setting) -> int:
    """Give the Gregorian year."""
    year = token.value
    is_thai = setting.language == "th" or (token.kind in "Yn" and THAI_LETTERS.search(row.text) is not None)
    if token.kind == "n":
        if is_thai:
            return 2500 + year - THAI
        return year + (2000 if year < SHORT_YEARS else 1900)
    if token.kind == "k":
        return year + 1900  # RFC 2822, 4.3
    return year - THAI if is_thai and year in THAI_YEARS else year


def _date(year: int, month: int, day: int) -> date | None:
    if not EARLIEST <= year <= LATEST:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


# -- the forms

_GAP: Final = r"[f.,\-/']{0,3}"
_DAY: Final = r"(?P<day>n)(?:-?o(?!h))?"
_NO_TIME: Final = (
    r"(?![:h]|\.n(?!\.?[Yn,])|H)"  # after a year of two digits: it is none where it tells the hour
)
_YEAR: Final = rf"'?(?P<year>Y|k|n{_NO_TIME})"
_NONE_BEFORE: Final = r"(?<![kYzc9][.\-/])"  # what ends a longer row of numbers is no day
_NO_YEAR: Final = r"(?![.\-f,/']{0,3}[kYzc9])"
_ZONE: Final = r"(?:\(?[xft]\)?)?(?:[+\-](?:Y|z|n(?::n)?|k))?(?:\(x+\))?"
_TIME: Final = rf"(?P<inner>n:n(?::n)?(?:[.,][nkYzc9])?H?{_ZONE})"
# The year of 08/01/2022 and 8.1.22, which is neither followed by another number nor the hour of a time.
_YEAR_OF_NUMBERS: Final = r"'?(?P<year>Y(?![.\-/]n(?![:.]))|n(?![:\-/]|\.[nkYzc9]))"


def _form(line: str, read: Read) -> Form:
    return Form(re.compile(line), read)


FORMS: Final[tuple[Form, ...]] = (
    # 2022年1月8日, 2022년 1월 8일, 2022 оны 1-р сарын 8
    _form(rf"(?P<year>Y)[yf]?{_GAP}(?P<month>n)(?:-?o)?m(?P<day>n)d?", _named),
    # 2022-01-08, 2022/1/8, 2022. 1. 8.
    _form(
        rf"(?<!n[.\-/]){_NONE_BEFORE}(?P<year>Y|k)(?P<mark>[.\-/])(?P<month>n)(?P=mark)(?P<day>n)(?![.\-/]?[kYzc9])",
        _year_first,
    ),
    # 8 Januari 2022, 8-Jan-22, 8th of January, 2022, 8. tammikuuta 2022
    _form(rf"{_DAY}{_GAP}(?P<month>[MJ]){_GAP}{_YEAR}", _named),
    # ngày 8 tháng 1 năm 2022
    _form(rf"{_DAY}{_GAP}m(?P<month>n){_GAP}(?P<year>Y)", _named),
    # January 8, 2022; Jan. 8th, '22
    _form(rf"(?P<month>[MJ])[.\-/']?f?{_DAY}[f,.\-/]{{0,3}}(?P<year>Y(?!:)|(?<=[,/\-])n{_NO_TIME})", _named),
    # Sat Jan 8 05:06:00 WIB 2022
    _form(rf"(?P<month>M){_DAY},?{_TIME}(?P<year>Y)", _named),
    # 2022 жылғы 8 қаңтар, 2022. gada 8. janvāris
    _form(rf"(?P<year>Y){_GAP}{_DAY}{_GAP}(?P<month>[MJ])", _named),
    # 2022 m. sausio 8 d., 2022-Jan-08
    _form(rf"(?P<year>Y){_GAP}(?P<month>[MJ])[.\-f]?{_DAY}(?![:h])", _named),
    # 08/01/2022, 8.1.22
    _form(
        rf"{_NONE_BEFORE}(?<!n[:/])(?P<first>n)(?P<mark>[.\-/])(?P<second>n)(?P=mark){_YEAR_OF_NUMBERS}",
        _numeric,
    ),
    # 20220108
    _form(r"c", _compact),
    # 8 Januari, 14:05; Jan 8, 5 pm; 1月8日 14:05
    _form(rf"{_DAY}[.\-f]{{0,2}}(?P<month>M){_NO_YEAR}", _named),
    _form(rf"(?P<month>M)[.\-]?{_DAY}(?![:h]){_NO_YEAR}", _named),
    _form(r"(?<![yYkzc9])(?P<month>n)m(?P<day>n)d", _named),
)
