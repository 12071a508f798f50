"""Find the time of day in a row of tokens, and the zone that stands behind it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from aggregator.core.dates.tokens import Row, Token

AM, NOON, PM, NIGHT = 1, 2, 3, 4
# Hours that are told from noon on.
LATE: Final = {NOON: range(1, 6), PM: range(12), NIGHT: range(6, 12)}
NUMBER: Final = "[nkYzc9]"
FORMS: Final = (
    # 05:06:00.123 PM, 05h06, 5時6分7秒, 下午5:06
    re.compile(
        rf"(?P<early>H)?t?(?P<hour>n)(?P<mark>[:h.])(?P<minute>n)(?:[:.i](?P<second>n)s?(?:[.,:]{NUMBER})?)?"
        rf"[is]?(?![:/]?{NUMBER}:)h?(?:t?,?(?P<late>H))?"
    ),
    # 5 pm, 17 Uhr, pukul 17, 오후 5시
    re.compile(
        r"(?P<early>H)?t?(?P<hour>n)(?:h?(?P<late>H)|h)|(?P<early2>H)(?P<hour2>n)h?|t(?P<hour3>n)(?![.\-/:nMm])"
    ),
)


@dataclass(frozen=True, slots=True)
class Clock:
    """A time of day."""

    since_midnight: timedelta
    first: int  # of the tokens that tell it
    after: int


def find(row: Row, start: int, end: int, *, strict: bool = False) -> Clock | None:
    """Find the first time of day between two tokens; `strict`: among words that may tell anything else."""
    for form in FORMS:
        for hit in form.finditer(row.line, start, end):
            clock = _read(row, hit, start, strict=strict)
            if clock is not None:
                return clock
    return None


def _read(row: Row, hit: re.Match[str], start: int, *, strict: bool) -> Clock | None:
    told = _told(row, hit)
    hour = next(filter(None, (told.get(name) for name in ("hour", "hour2", "hour3"))))
    if _is_of_a_number(row, row.tokens.index(hour), start) or not _is_told(row, hit, told, strict=strict):
        return None
    half = next(filter(None, (told.get(name) for name in ("late", "early", "early2"))), None)
    moment = _moment(hour, told.get("minute"), told.get("second"), half)
    return None if moment is None else Clock(moment, hit.start(), hit.end())


def _told(row: Row, hit: re.Match[str]) -> dict[str, Token]:
    return {name: row.tokens[hit.start(name)] for name, kinds in hit.groupdict().items() if kinds}


def _is_of_a_number(row: Row, place: int, start: int) -> bool:
    """Whether an hour is the end of something longer: 1.05:06, 2/05:06, +05:06."""
    if place <= start:
        return False
    before, hour = row.tokens[place - 1], row.tokens[place]
    if before.end != hour.start or before.kind not in ".:/+":
        return False
    return before.kind == "+" or (place - 1 > start and row.tokens[place - 2].kind in "nkYzc9")


def _is_told(row: Row, hit: re.Match[str], told: dict[str, Token], *, strict: bool) -> bool:
    """Whether two numbers with a full stop between them are a time of day."""
    mark, minute = told.get("mark"), told.get("minute")
    if mark is None or minute is None:
        return True
    if len(minute.text) != 2:
        return mark.kind == "h" or "second" in told
    if mark.kind != "." or not strict:
        return True
    return hit["early"] is not None or hit["late"] is not None or row.line[hit.start()] == "t"


def _moment(hour: Token, minute: Token | None, second: Token | None, half: Token | None) -> timedelta | None:
    minutes, seconds = (token.value if token else 0 for token in (minute, second))
    # A leap second is told as the second before it: no clock here counts one.
    moment = timedelta(
        hours=_hour(hour.value, half.value if half else 0), minutes=minutes, seconds=min(seconds, 59)
    )
    return moment if minutes < 60 and seconds <= 60 and moment <= timedelta(days=1) else None


def _hour(hour: int, half: int) -> int:
    """Count to 24 what is told of a half of the day, or of its midday or night."""
    if hour == 12:
        return 0 if half in (AM, NIGHT) else hour
    return hour + 12 if hour in LATE.get(half, ()) else hour
