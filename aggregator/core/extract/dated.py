"""When an article was published: of all dates that a page says or shows, the one to believe.

First what its head says (JSON-LD, meta elements, microdata) and what stands beside the headline: of these a time of
day is better than a day. Then, in this order: a line of date at the beginning of the text or behind it, the day in
the page's address, in its title, and when it was last changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from itertools import islice
from typing import Final

from lxml import etree

from aggregator.core.dates import ParsedDate, parse_date
from aggregator.core.extract.metadata import Metadata
from aggregator.core.extract.outline import Outline, inside, names_of, text_in
from aggregator.core.extract.when import DATE, TIME, UPDATED, date_in, is_date_line

MOST: Final = 8  # dates that are read
MOST_SAID: Final = 6
INTO: Final = 40  # elements of the text's beginning that are looked at
BEHIND: Final = 60  # elements behind it
LONGEST: Final = 160
_UNDATED: Final = frozenset(("script", "style", "option", "h1"))
_MACHINE: Final = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d|$)")
_NAMED: Final = re.compile(
    r"date|datum|fecha|time|publi|posted|tgl|tanggal|waktu|stamp|meta|info|jam|hari|zeit|submitted|created|erstellt|ersteller"
)
_ELSEWHERE: Final = re.compile(
    r"comment|komentar|related|terkait|popul|sidebar|recommend|teaser|list-?item|blogroll|latest|terkini"
)
_ELSEWHERE_TAGS: Final = frozenset(("aside", "nav", "form", "li"))
_IN_ADDRESS: Final = re.compile(
    r"(?<![\d])(?P<year>(?:19|20)\d\d)(?P<mark>[/_.-]?)(?P<month>0?[1-9]|1[0-2])(?P=mark)(?P<day>0?[1-9]|[12]\d|3[01])(?!\d)"
)


def published_on_page(
    plan: Outline,
    metadata: Metadata,
    shown: ParsedDate | None,
    addresses: Sequence[str],
    *,
    title: str,
    language: str,
    timezone: str,
) -> ParsedDate | None:
    """The date of a page's article; `shown` is what stands beside its headline, `addresses` are the page's own."""
    said = _parsed(metadata.published[:MOST_SAID], language=language, timezone=timezone)
    found = [date for date in (*said, shown) if date is not None]
    if found:
        # Midnight is often a day that a system filled up.
        return min(found, key=lambda date: (date.day_only, _is_midnight(date)))
    day = next(_parsed(map(_day_in, addresses), language="", timezone=timezone), None)
    around = shown_date(_around(plan), language=language, timezone=timezone)
    if around and (day is None or abs(around.value - day.value) < timedelta(days=2)):
        return around
    named = date_in(title) if DATE.search(title) else ""
    last = _parsed((named or "", *metadata.changed[:MOST_SAID]), language=language, timezone=timezone)
    return day or next(last, None)


def _parsed(given: Iterable[str], *, language: str, timezone: str) -> Iterator[ParsedDate]:
    read = (parse_date(text, language=language, timezone=timezone) for text in given if text)
    return (date for date in read if date is not None)


def _is_midnight(date: ParsedDate) -> bool:
    return (date.value.hour, date.value.minute, date.value.second) == (0, 0, 0)


def _day_in(address: str) -> str:
    """The day in an address as RFC 3339 has it: "/2022/01/08/", "2022-01-08", "20220108"; "" when there is none."""
    path = address.split("://", 1)[-1].partition("/")[2].split("?")[0]
    for found in _IN_ADDRESS.finditer(path):
        if found["mark"] or len(found[0]) == 8:
            return f"{found['year']}-{int(found['month']):02}-{int(found['day']):02}"
    return ""


def _around(plan: Outline) -> Iterator[etree._Element]:
    """Elements at the beginning of the text and behind it that hold a date and little else."""
    start = plan.nodes[plan.start : min(plan.start + INTO, plan.end + 1)]
    behind = plan.nodes[plan.end + 1 : plan.end + 1 + BEHIND]
    return (
        element
        for element in (*start, *behind)
        if element.tag not in _UNDATED
        and not inside(element, _ELSEWHERE, _ELSEWHERE_TAGS)
        and _is_of_date(element)
    )


def _is_of_date(element: etree._Element) -> bool:
    text = text_in(element, LONGEST + 1)
    if len(text) > LONGEST:
        return False
    return element.tag == "time" or bool(_NAMED.search(names_of(element))) or is_date_line(text)


def shown_date(elements: Iterable[etree._Element], *, language: str, timezone: str) -> ParsedDate | None:
    """The first time of day that is shown; else the first day."""
    lines = islice(filter(None, map(_dated, elements)), MOST)
    day: ParsedDate | None = None
    for found in _parsed(lines, language=language, timezone=timezone):
        if not found.day_only:
            return found
        day = day or found
    return day


def _dated(element: etree._Element) -> str | None:
    """Date, time and zone out of an element that shows them; None when it shows none, or a time of change."""
    names = names_of(element)
    if element.tag in _UNDATED or (UPDATED.search(names) and "publish" not in names):
        return None
    given = element.get("datetime") or ""
    if element.tag in ("time", "relative-time") and _MACHINE.match(given):
        return given
    own = next(filter(DATE.search, _own(element)), None)
    if own is None:
        return None
    whole = text_in(element)
    line = whole if len(whole) <= LONGEST else " ".join(own.split())
    return date_in(_with_time(element, line)) if len(line) <= 300 else None


def _own(element: etree._Element) -> Iterator[str]:
    yield element.text or ""
    yield from (child.tail or "" for child in element)


def _with_time(element: etree._Element, line: str) -> str:
    """The line, or the short one around it where that adds the time: `<span>8 Jan 2022</span> <span>05:06</span>`."""
    parent = element.getparent()
    if parent is None or len(parent) >= 20 or TIME.search(DATE.sub(" ", line)):
        return line
    around = text_in(parent)
    return around if len(around) <= 120 and DATE.search(around) else line
