"""Forms that machines write and people do not: weeks and days of ISO 8601, seconds since 1970, joined digits."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Final

_EPOCH: Final = re.compile(
    r"(?:/?date\()?(\d{9}(?!\d)|\d{10})(\d{3}|\d{6})?(?:\.\d+)?(?:[+\-]\d{4})?(?:\)/?)?"
)
_TIME: Final = r"(?=$|[t ])(?:t(\d{2}):?(\d{2})(?::?(\d{2}))?(?=$|[z+\-.]))?"
_WEEK: Final = re.compile(rf"(\d{{4}})-?w(\d{{2}})-?([1-7]){_TIME}")
_ORDINAL: Final = re.compile(rf"(\d{{4}})-(\d{{3}}){_TIME}")
_JOINED: Final = re.compile(r"(\d{4})(\d{2})(\d{2})[t ]?(\d{2})(\d{2})(\d{2})?(?=$|[\sz+\-.])")
_JOINED_TIME: Final = re.compile(r"^(\d{4}-\d{2}-\d{2})t(\d{2})(\d{2})(\d{2})?(?=$|[z+\-.])")
_LOST_PLUS: Final = re.compile(r"(t\d{2}:\d{2}:\d{2}(?:\.\d+)?) (\d{2}:\d{2})$")
_COMMENT: Final = re.compile(r"\((?:\\.|[^()\\])*\)")
DEEPEST: Final = 8  # comments within comments


def without_comments(text: str) -> str:
    """Take the comments of RFC 822 out, the innermost first: "Thu (as ever), 9 Feb 2006"."""
    for _ in range(DEEPEST):
        text, found = _COMMENT.subn(" ", text)
        if not found:
            break
    return " ".join(text.split())


def epoch(text: str) -> datetime | None:
    """Read seconds, milliseconds or microseconds since 1970."""
    found = _EPOCH.fullmatch(text)
    return datetime.fromtimestamp(int(found[1]), tz=UTC) if found else None


def plain(text: str) -> str:
    """Write a folded text's week, day of the year or joined digits as a date of the calendar; else as it is."""
    text = _LOST_PLUS.sub(r"\1+\2", text)
    for form, rewrite in _REWRITES:
        found = form.match(text)
        written = rewrite(found) if found else None
        if found and written:
            return written + text[found.end() :]
    return text


def _week(found: re.Match[str]) -> str | None:
    try:
        day = date.fromisocalendar(*map(int, found.groups()[:3]))
    except ValueError:
        return None
    return day.isoformat() + _clock(*found.groups()[3:])


def _ordinal(found: re.Match[str]) -> str | None:
    year, day = int(found[1]), int(found[2])
    try:
        told = date.fromordinal(date(year, 1, 1).toordinal() + day - 1)
    except (ValueError, OverflowError):
        return None
    return told.isoformat() + _clock(*found.groups()[2:]) if told.year == year and day else None


def _clock(hour: str | None, minute: str | None, second: str | None) -> str:
    return f"t{hour}:{minute}:{second or '00'}" if hour else ""


def _joined(found: re.Match[str]) -> str:
    year, month, day, hour, minute, second = found.groups()
    return f"{year}-{month}-{day}" + _clock(hour, minute, second)


def _joined_time(found: re.Match[str]) -> str:
    day, hour, minute, second = found.groups()
    return day + _clock(hour, minute, second)


_REWRITES: Final[tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str | None]], ...]] = (
    (_WEEK, _week),
    (_ORDINAL, _ordinal),
    (_JOINED, _joined),
    (_JOINED_TIME, _joined_time),
)
