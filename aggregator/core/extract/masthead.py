"""What stands around the headline: kicker, visible date, byline, section."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from lxml import etree

from aggregator.core.dates import ParsedDate
from aggregator.core.extract.blocks import blocks_of
from aggregator.core.extract.bylines import shown_byline
from aggregator.core.extract.dated import shown_date
from aggregator.core.extract.furniture import is_furniture
from aggregator.core.extract.lines import read_byline, read_marks
from aggregator.core.extract.outline import Outline, names_of, text_in
from aggregator.core.extract.when import DATE
from aggregator.core.text import fold

BEFORE: Final = 30  # elements above the headline that are looked at
AFTER: Final = 150  # elements below it, at most up to the text
_KICKER_EDGES: Final = " :|–—-"
_LINE_TAGS: Final = frozenset(("p", "div", "span", "small", "strong", "h2", "h3", "h4", "h5", "h6"))
_KICKER: Final = re.compile(
    r"(?:^|[\s_-])(?:kicker|overline|over-?title|pre-?title|super-?title|sur-?title|eyebrow|roof-?line|dachzeile|spitzmarke|"
    r"ante-?titulo|volanta|topik|sub-?judul|topic-?label|nadzagolovok|top-?line)(?:$|[\s_-])"
)
_NO_KICKER: Final = re.compile(
    r"date|time|tgl|tanggal|meta|author|byline|share|crumb|nav|menu|logo|(?:^|[\s_-])ads?(?:$|[\s_-])|banner|search|login|social|brand|site"
)
_SEPARATORS: Final = " \t»›>/→|•·:-–—\u00a0"
_HOME: Final = frozenset(
    ["home", "beranda", "depan", "главная", "startseite", "inicio", "accueil", "anasayfa", "الرئيسية", "首页"]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Masthead:
    """What the page shows around its headline; empty where it shows nothing."""

    headline: str = ""
    kicker: str | None = None
    published: ParsedDate | None = None
    byline: tuple[str, ...] = ()
    section: str = ""


def read_masthead(
    plan: Outline, titles: Sequence[str], *, language: str, timezone: str, dated: bool = False
) -> Masthead:
    """Read what stands around the headline of a page; `dated`: the date is known, and not looked for."""
    near = list(_near(plan))
    headline, kicker = _headline(plan, titles)
    return Masthead(
        headline=headline,
        kicker=kicker or _kicker(plan, near, headline),
        published=None if dated else shown_date(near, language=language, timezone=timezone),
        byline=shown_byline(plan, near),
        section=_section(plan, headline),
    )


def _near(plan: Outline) -> Iterator[etree._Element]:
    """Elements between headline and text, then above the headline, the nearest first."""
    if plan.headline is None:
        yield from reversed(plan.nodes[max(0, plan.start - BEFORE) : plan.start])
        return
    last = plan.start if plan.start > plan.headline else plan.headline + 25
    yield from plan.nodes[plan.headline + 1 : min(last, plan.headline + AFTER)]
    yield from reversed(plan.nodes[max(0, plan.headline - BEFORE) : plan.headline])


def _headline(plan: Outline, titles: Sequence[str]) -> tuple[str, str | None]:
    """The text of the headline's element, and a kicker that stands inside of it."""
    if plan.headline is None:
        return "", None
    element = plan.nodes[plan.headline]
    known = [fold(title) for title in titles if title]
    lines = [block.text for block in blocks_of(element)]
    parted = _parted_lines(lines, known) if len(lines) == 2 else None
    return parted or _parted_child(element, known) or (text_in(element), None)


def _parted_lines(lines: Sequence[str], known: Sequence[str]) -> tuple[str, str | None] | None:
    """Headline and kicker of two lines: the titles tell which is which; None when they are one headline."""
    first, second = lines
    said = [any(fold(line) in title for title in known) for line in lines]
    if said[0] != said[1]:
        return (first, second) if said[0] else (second, first)
    if any(fold(f"{first} {second}") in title for title in known):
        return None
    return first, second if len(second) <= len(first) else None


def _parted_child(element: etree._Element, known: Sequence[str]) -> tuple[str, str | None] | None:
    """Headline and kicker where an inner element is named a kicker, or the titles leave it out."""
    whole = text_in(element)
    for child in element:
        part = text_in(child)
        rest = whole.replace(part, "", 1).strip(_KICKER_EDGES) if part else ""
        left_out = child.tag in ("span", "small") and fold(rest) in known
        if rest and (left_out or _KICKER.search(names_of(child))):
            return rest, part.strip(_KICKER_EDGES)
    return None


def _kicker(plan: Outline, near: Sequence[etree._Element], headline: str) -> str | None:
    if plan.headline is None:
        return None
    for element in near:
        text = text_in(element).strip(_KICKER_EDGES) if _KICKER.search(names_of(element)) else ""
        if 1 < len(text) <= 90 and fold(text) != fold(headline) and not DATE.search(text):
            return text
    above = _above(plan.nodes[plan.headline])
    return _line_above(above, headline) if above is not None else None


def _above(element: etree._Element) -> etree._Element | None:
    """The element right above the headline, or above the header that begins with it."""
    parent = element.getparent()
    if element.getprevious() is None and parent is not None and parent.tag in ("header", "hgroup"):
        return parent.getprevious()
    return element.getprevious()


def _line_above(above: etree._Element, headline: str) -> str | None:
    """A short line without links right above the headline, where nothing says what it is."""
    if above.tag not in _LINE_TAGS or _NO_KICKER.search(names_of(above)):
        return None
    if next(above.iter("a", "img", "form", "ul", "nav", "button", "h1"), None) is not None:
        return None
    text = text_in(above).strip(_KICKER_EDGES)
    plain = 3 <= len(text) <= 60 and not text.endswith(".") and fold(text) not in fold(headline)
    return text if plain and not _says_something_else(text) else None


def _says_something_else(text: str) -> bool:
    return bool(DATE.search(text) or is_furniture(text) or read_marks(text) or read_byline(text))


def _section(plan: Outline, headline: str) -> str:
    """The last link of the trail of sections above the headline ("Home » Berita » Riau")."""
    if plan.headline is None:
        return ""
    for element in reversed(plan.nodes[max(0, plan.headline - BEFORE) : plan.headline]):
        links = [text_in(link) for link in element.iter("a")]
        if not _is_trail(element, links):
            continue
        names = [text for text in links if fold(text) not in _HOME | {"", fold(headline)}]
        if names and len(names[-1]) <= 40:
            return names[-1]
    return ""


def _is_trail(element: etree._Element, links: Sequence[str]) -> bool:
    """Whether an element says that it is a trail, or nothing but arrows stands between its few links."""
    if element.tag == "a" or not 1 <= len(links) <= 6:
        return False
    between = text_in(element)
    for text in links:
        between = between.replace(text, "", 1)
    arrows = bool(between.strip()) and not between.strip(_SEPARATORS)
    return "crumb" in names_of(element) or (len(links) > 1 and arrows)
