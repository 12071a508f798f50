"""Dates that are told from now: "2 jam lalu", "vor einer Stunde", "منذ ساعتين", "вчера, 14:05"."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from aggregator.core.dates.lexicon import MONTHS, SECONDS, Ago, Lexicon
from aggregator.core.dates.tokens import Token, split

LONGEST_FORM: Final = 6  # words on either side of the number
LARGEST: Final = 1000  # of any unit


@dataclass(frozen=True, slots=True)
class FoundAgo:
    """A moment told from now."""

    moment: datetime
    day_only: bool  # it is told in days or longer
    start: int  # in the folded text
    end: int


def find(text: str, now: datetime, lexicon: Lexicon, language: str) -> FoundAgo | None:
    """Find "so many units ago" in a folded text; `now` is local."""
    tokens = [token for token in split(text) if token.kind not in ".'"]
    for first, last, number, ago in _forms(tokens, lexicon):
        if not _is_believed(ago, tokens[first : last + 1], language):
            continue
        moment = back(now, ago.unit, number if ago.count is None else ago.count)
        if moment is not None:
            return FoundAgo(moment, _is_of_days(ago.unit), tokens[first].start, tokens[last].end)
    return None


def _forms(tokens: list[Token], lexicon: Lexicon) -> Iterator[tuple[int, int, int, Ago]]:
    """Give first and last token, number and meaning of every form, the longest at a place first."""
    for place, token in enumerate(tokens):
        if token.kind in "nk":
            yield from _around(tokens, place, lexicon)
        else:
            yield from _alone(tokens, place, lexicon)


def _around(tokens: list[Token], place: int, lexicon: Lexicon) -> Iterator[tuple[int, int, int, Ago]]:
    for last in range(min(len(tokens) - 1, place + LONGEST_FORM), place - 1, -1):
        after = " ".join(token.text for token in tokens[place + 1 : last + 1])
        for first in range(max(0, place - LONGEST_FORM), place + 1):
            before = " ".join(token.text for token in tokens[first:place])
            ago = lexicon.ago.get((before, after))
            if ago is not None and ago.count is None:
                yield first, last, tokens[place].value, ago


def _alone(tokens: list[Token], place: int, lexicon: Lexicon) -> Iterator[tuple[int, int, int, Ago]]:
    for last in range(min(len(tokens) - 1, place + LONGEST_FORM), place - 1, -1):
        ago = lexicon.ago.get((" ".join(token.text for token in tokens[place : last + 1]), ""))
        if ago is not None and ago.count is not None:
            yield place, last, 0, ago


def _is_believed(ago: Ago, tokens: list[Token], language: str) -> bool:
    """Whether a form says so in any language: short ones ("3 ma", "net") only in their own."""
    letters = sum(len(token.text) for token in tokens if token.kind == "x")
    words = sum(token.kind == "x" for token in tokens)
    text = "".join(token.text for token in tokens)
    return ago.language in (language, "en") or not text.isascii() or (words >= 2 and letters >= 6)


def _is_of_days(unit: str) -> bool:
    return unit in MONTHS or SECONDS[unit] >= SECONDS["day"]


def back(now: datetime, unit: str, count: int) -> datetime | None:
    """Go back from now; None: farther than anybody tells so, or than there are years."""
    if count > LARGEST:
        return None
    if unit in SECONDS:
        return now - timedelta(seconds=SECONDS[unit] * count)
    months = now.year * 12 + now.month - 1 - MONTHS[unit] * count
    year, month = divmod(months, 12)
    return now.replace(year=year, month=month + 1, day=min(now.day, 28)) if year > 1900 else None
