"""Which comes first in 01/08/2022, the month or the day: what the dates of a feed show together."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, timedelta
from itertools import islice
from typing import Final

from aggregator.core.dates.days import SHORT_YEARS
from aggregator.core.dates.folding import fold

LONGEST: Final = 120  # characters
LOOKED_AT: Final = 500  # dates
_NUMERIC: Final = re.compile(r"(?<![\d./-])([0-3]?\d)([/-])([0-3]?\d)\2(\d{4}|\d{2})(?![\d/-])")


def month_first(texts: Iterable[str], *, today: date | None = None) -> bool | None:
    """Say whether the month comes first in the numeric dates of a feed; None: they do not tell.

    One that can only be read one way decides for all; failing that, the way by which none is still to come.
    """
    numbers = list(islice(filter(None, map(_numbers, texts)), LOOKED_AT))
    says_day = any(first > 12 >= second for first, second, _ in numbers)
    says_month = any(second > 12 >= first for first, second, _ in numbers)
    if says_day != says_month:
        return says_month
    return None if says_day or today is None else _by_what_is_past(numbers, today + timedelta(days=1))


def _by_what_is_past(numbers: list[tuple[int, int, int]], last: date) -> bool | None:
    by_day = any(_is_after(year, second, first, last) for first, second, year in numbers)
    by_month = any(_is_after(year, first, second, last) for first, second, year in numbers)
    return None if by_day == by_month else by_day


def _numbers(text: str) -> tuple[int, int, int] | None:
    if "/" not in text and "-" not in text:
        return None
    found = _NUMERIC.search(fold(text[:LONGEST]))
    if found is None:
        return None
    year = int(found[4])
    century = 0 if year > 99 else 2000 if year < SHORT_YEARS else 1900
    return int(found[1]), int(found[3]), century + year


def _is_after(year: int, month: int, day: int, last: date) -> bool:
    try:
        return date(year, month, day) > last
    except ValueError:
        return False
