"""Read a date out of a text: its day, its time, its zone, each found where feeds and papers put it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, timezone, tzinfo
from itertools import islice
from typing import Final

from aggregator.core.dates import clock, days, lexicon, machine, quick, relative, tokens, zones
from aggregator.core.dates.calendars import plain_years
from aggregator.core.dates.folding import fold, fold_with_places
from aggregator.core.dates.zones import zone_of

LONGEST: Final = 120  # characters: what is longer is a text, not a date
LONGEST_LINE: Final = 1000
TOLD_FROM_NOW: Final = 60  # characters: what is longer tells of something else that was "two hours ago"
FEW: Final = 6  # tokens: a time and its half of the day
NEAR: Final = 14  # tokens after a day in which its time may stand
BESIDE: Final = 4  # words beside a date that is told from now
MOST_DAYS: Final = 12  # of one line: a table of dates shows none of its own
BETWEEN: Final = frozenset(",-|/~()W:.f")  # kinds of tokens that may stand between a day and its time
BEFORE: Final = 10  # tokens before a day in which its time may stand
CHANGED_WITHIN: Final = 8  # tokens before a day
_ZONE_OF_A_DAY: Final = re.compile(r"(z|[+\-]\d{2}:?\d{2})(?=$|[\s)])")
_HALVES: Final = re.compile(r"\d\s?[ap]\.?m\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedDate:
    """A date as claimed."""

    value: datetime  # aware, with the claimed offset, else that of the zone asked for
    day_only: bool = False  # it names a day and no time; the value is that day's midnight


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundDate:
    """A date within a line."""

    date: ParsedDate
    start: int  # where its day, time and zone stand, in characters of the line (Unicode NFC)
    end: int


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a text is read by."""

    given: str  # before folding: capitals tell zones from words
    zone: tzinfo
    zone_wins: bool
    language: str  # primary subtag
    setting: days.Setting
    now: datetime | None  # in the zone


def parse_date(
    text: str,
    *,
    language: str = "",
    timezone: str = "UTC",
    timezone_wins: bool = False,
    now: datetime | None = None,
    month_first: bool | None = None,
) -> ParsedDate | None:
    """Read a date; None when there is none, or none that can be (30 February, year 0, year 10000).

    `language` (BCP 47) decides what words mean, and on 01/08/2022 unless `month_first` does; `timezone` (IANA) holds
    where the text names no zone, and with `timezone_wins` even where it does. What is told from now ("2 jam lalu",
    "вчера, 14:05", "8 Januari") is read with `now` (aware) alone.
    """
    standard = quick.read(text.strip())
    if standard is not None:
        zone = zone_of(timezone) if timezone_wins else None
        return ParsedDate(value=standard if zone is None else _aware(standard.replace(tzinfo=None), zone))
    folded = " ".join(fold(text[: 4 * LONGEST]).split())
    if not folded or len(folded) > LONGEST:
        return None
    if moment := machine.epoch(folded):
        return ParsedDate(value=moment)
    folded = plain_years(machine.plain(folded))
    asked = _asked(text, folded, language, timezone, now, month_first, wins=timezone_wins)
    parsed = _read(folded, asked)
    if parsed is None and "(" in folded:  # RFC 822 has comments, though few have seen one
        parsed = _read(machine.without_comments(folded), asked)
    return parsed


def _read(folded: str, asked: _Asked) -> ParsedDate | None:
    row = tokens.annotate(folded, asked.language, lexicon.packaged())
    found = days.find(row, asked.setting)
    if found is not None:
        return _dated(row, found, asked, strict=False)[0]
    told = _told_from_now(row, asked) if len(folded) <= TOLD_FROM_NOW else None
    return told[0] if told else None


def find_date(
    line: str, *, language: str = "", timezone: str = "UTC", now: datetime | None = None
) -> FoundDate | None:
    """Find the date that a line shows ("Posted on January 7, 2022 by …"), and where; None when it shows none.

    A date after "updated" and its like in any language is passed over. Within prose, only what can hardly be
    anything else is a date. The parameters are those of `parse_date`.
    """
    line = unicodedata.normalize("NFC", line)[:LONGEST_LINE]
    folded, places = fold_with_places(line)
    written = plain_years(folded)
    if written != folded:  # places do not fit any more: the date is where its line is
        folded, places = written, [*[0] * (len(written) - 1), len(line) - 1]
    asked = _asked(line, folded, language, timezone, now, None)
    row = tokens.annotate(folded, asked.language, lexicon.packaged())
    for found in islice(_days_shown(row, asked), MOST_DAYS):
        parsed, start, end = _dated(row, found, asked, strict=True)
        if parsed is not None and _is_shown(row, found, parsed, start, end):
            return _found(parsed, start, end, places)
    shown = _told_from_now(row, asked) if len(line) <= TOLD_FROM_NOW else None
    if shown is None or not _is_alone(row, shown[1], shown[2]):
        return None
    return _found(*shown, places)


def _asked(
    given: str,
    folded: str,
    language: str,
    name: str,
    now: datetime | None,
    month_first: bool | None,
    *,
    wins: bool = False,
) -> _Asked:
    zone = zone_of(name) or UTC
    tag = language.lower().replace("_", "-")
    primary = tag.partition("-")[0]
    if month_first is None:
        month_first = tag in lexicon.packaged().month_first if tag else _HALVES.search(folded) is not None
    local = now.astimezone(zone) if now else None
    setting = days.Setting(primary, month_first, local.date() if local else None)
    return _Asked(given, zone, wins, primary, setting, local)


def _found(parsed: ParsedDate, start: int, end: int, places: Sequence[int]) -> FoundDate:
    """Say where a date stands in the line, from where it stands in the folded text."""
    return FoundDate(date=parsed, start=places[start], end=places[end - 1] + 1)


# -- a day with its time


def _dated(
    row: tokens.Row, found: days.Found, asked: _Asked, *, strict: bool
) -> tuple[ParsedDate | None, int, int]:
    """Put a day and the time beside it together; also where they stand in the folded text."""
    start, end = row.tokens[found.first].start, row.tokens[found.after - 1].end
    if found.day is None:
        return None, start, end
    midnight = datetime.combine(found.day, time())
    at = _clock(row, found, strict=strict)
    if at is None:
        claimed, length = _zone_of_a_day(row.text[end:], midnight, asked)
        return ParsedDate(value=_aware(midnight, claimed), day_only=True), start, end + length
    moment = midnight + at.since_midnight
    start, end = min(start, row.tokens[at.first].start), max(end, row.tokens[at.after - 1].end)
    claimed, after = _zone(row, found, at, zones.Asking(moment, asked.zone, asked.language, asked.given))
    return (
        ParsedDate(value=_aware(moment, asked.zone if asked.zone_wins else claimed)),
        start,
        max(end, after),
    )


def _zone_of_a_day(rest: str, midnight: datetime, asked: _Asked) -> tuple[tzinfo, int]:
    """Read the zone right after a day without a time, as XML Schema writes it; else the one asked for."""
    hit = _ZONE_OF_A_DAY.match(rest)
    told = zones.find_zone(hit[0], zones.Asking(midnight, asked.zone, capitals="Z")) if hit else None
    return told if told and not asked.zone_wins else (asked.zone, 0)


def _zone(row: tokens.Row, found: days.Found, at: clock.Clock, asking: zones.Asking) -> tuple[tzinfo, int]:
    """Read the zone behind a time, and where it ends; else the one asked for."""
    for start, end in _behind(row, found, at):
        told = zones.find_zone(row.text[start:end].rstrip(), asking)
        if told is not None:
            return told[0], start + told[1]
    return asking.asked, 0


def _behind(row: tokens.Row, found: days.Found, at: clock.Clock) -> list[tuple[int, int]]:
    """Give the parts of a text in which the zone may stand: up to the day where the time came before it."""
    start, end = row.tokens[at.after - 1].end, len(row.text)
    if at.first < found.first:
        return [(start, row.tokens[found.first].start)]
    if found.inner is not None:
        year = row.tokens[found.after - 1]
        return [(start, year.start), (year.end, end)]
    return [(start, end)]


def _clock(row: tokens.Row, found: days.Found, *, strict: bool) -> clock.Clock | None:
    """Find the time of a day: within it, after it, before it."""
    if found.inner is not None:
        return clock.find(row, *found.inner)
    last = _before_next_day(row, found)
    if not strict:
        return clock.find(row, found.after, last) or clock.find(row, 0, found.first)
    return (
        _right_behind(row, found.after, last)
        or clock.find(row, found.after, min(last, found.after + NEAR), strict=True)
        or clock.find(row, max(0, found.first - BEFORE), found.first, strict=True)
    )


def _before_next_day(row: tokens.Row, found: days.Found) -> int:
    """Give the token before which the time of a day has to stand: the next day has a time of its own."""
    if len(row.tokens) - found.after <= FEW:
        return len(row.tokens)
    following = days.find(row, days.Setting(), found.after)
    is_day = following is not None and "Y" in row.line[following.first : following.after]
    return following.first if following is not None and is_day else len(row.tokens)


def _right_behind(row: tokens.Row, place: int, last: int) -> clock.Clock | None:
    """Find a time with nothing between it and the day."""
    while place < last and row.tokens[place].kind in BETWEEN:
        place += 1
    at = clock.find(row, place, min(last, place + FEW))
    return at if at is not None and at.first == place else None


def _aware(moment: datetime, zone: tzinfo) -> datetime:
    """Put the offset of that moment in place of the zone: it is what the text claims, and it can be stored."""
    offset = moment.replace(tzinfo=zone).utcoffset() or timedelta(0)
    return moment.replace(tzinfo=timezone(timedelta(minutes=offset // timedelta(minutes=1))))


# -- told from now


def _told_from_now(row: tokens.Row, asked: _Asked) -> tuple[ParsedDate, int, int] | None:
    """Read "yesterday, 14:05" and "two hours ago"."""
    if asked.now is None:
        return None
    place = row.line.find("R")
    if place >= 0:
        token = row.tokens[place]
        found = days.Found(asked.now.date() + timedelta(days=token.value), place, place + 1)
        parsed, start, end = _dated(row, found, asked, strict=False)
        return (parsed, start, end) if parsed else None
    ago = relative.find(row.text, asked.now, lexicon.packaged(), asked.language)
    if ago is None:
        return None
    moment = _aware(ago.moment.replace(tzinfo=None, microsecond=0), asked.zone)
    if ago.day_only:
        moment = datetime.combine(moment.date(), time(), moment.tzinfo)
    return ParsedDate(value=moment, day_only=ago.day_only), ago.start, ago.end


# -- within a line


def _days_shown(row: tokens.Row, asked: _Asked) -> Iterator[days.Found]:
    """Give the days of a line in order, without those that tell when it was changed."""
    place = 0
    while found := days.find(row, asked.setting, place):
        if not _is_changed(row, place, found.first):
            yield found
        place = found.after


def _is_changed(row: tokens.Row, start: int, first: int) -> bool:
    """Whether "updated" stands between two tokens, not far before the second."""
    words = [
        token.text
        for token in row.tokens[max(start, first - CHANGED_WITHIN) : first]
        if token.kind not in ".:"
    ]
    told = lexicon.packaged().changed
    return any(
        " ".join(words[place : place + length]) in told
        for place in range(len(words))
        for length in (1, 2, 3, 4)
    )


def _is_shown(row: tokens.Row, found: days.Found, parsed: ParsedDate, start: int, end: int) -> bool:
    """Whether a day in prose is surely one: joined digits are not, and short forms only where little else stands."""
    kinds = row.line[found.first : found.after]
    if kinds == "c":
        return False
    if "Y" in kinds and found.has_year:
        return True
    return len(_beside(row, start, end)) <= BESIDE or (found.has_year and not parsed.day_only)


def _is_alone(row: tokens.Row, start: int, end: int) -> bool:
    """Whether little stands beside what is told from now, and nothing that says that the page was changed then."""
    beside = _beside(row, start, end)
    most = (
        BESIDE if any(char.isdecimal() for char in row.text[start:end]) else 1
    )  # "now" is a word of any sentence
    return (
        len(beside) <= most
        and not any(token.text.isdecimal() for token in beside)
        and not _is_changed(row, 0, sum(token.end <= start for token in row.tokens))
    )


def _beside(row: tokens.Row, start: int, end: int) -> list[tokens.Token]:
    """Give the words and numbers outside a part of the folded text."""
    return [
        token
        for token in row.tokens
        if (token.end <= start or token.start >= end) and token.text[0].isalnum()
    ]
