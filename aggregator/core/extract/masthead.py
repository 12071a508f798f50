"""What stands around the headline: kicker, visible date, byline, section."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from lxml import etree

from aggregator.core.dates import ParsedDate, parse_date
from aggregator.core.extract.blocks import blocks_of
from aggregator.core.extract.lines import is_furniture, read_byline, read_marks
from aggregator.core.extract.outline import Outline, names_of, text_in
from aggregator.core.text import fold

BEFORE: Final = 30  # elements above the headline that are looked at
AFTER: Final = 80  # elements below it, at most up to the text
_KICKER: Final = re.compile(
    r"(?:^|[\s_-])(?:kicker|overline|over-?title|pre-?title|super-?title|sur-?title|eyebrow|roof-?line|dachzeile|spitzmarke|"
    r"ante-?titulo|volanta|topik|sub-?judul|topic-?label|nadzagolovok|top-?line)(?:$|[\s_-])"
)
_NO_KICKER: Final = re.compile(
    r"date|time|tgl|tanggal|meta|author|byline|share|crumb|nav|menu|logo|(?:^|[\s_-])ads?(?:$|[\s_-])|banner|search|login|social|brand|site"
)
_BYLINE: Final = re.compile(r"(?:^|[\s_-])(?:author|byline|by-line|penulis|reporter|wartawan|autor|auteur|yazar)s?(?:$|[\s_-])")
_UPDATED: Final = re.compile(r"updat|modif|diperbar|diubah|обновл|aktualis|güncel|actualiz|mis à jour|更新", re.IGNORECASE)
_DATE: Final = re.compile(
    r"(?:\d{1,2}[./-]\d{1,2}[./-](?:19|20)\d{2}|(?:19|20)\d{2}[./-]\d{1,2}[./-]\d{1,2}"
    r"|\d{1,2}(?:st|nd|rd|th|er|º)?\.?[\s-]+(?:de\s+)?[^\W\d_]{3,12}\.?,?[\s-]+(?:de\s+)?(?:19|20)\d{2}"
    r"|[^\W\d_]{3,12}\.?\s+\d{1,2}(?:st|nd|rd|th)?,?\s+(?:19|20)\d{2}|[\d٠-٩۰-۹]{1,2}\s+[^\W\d_]{3,12}\s+[\d٠-٩۰-۹]{4}"
    r"|(?:19|20)\d{2}\s?年\s?\d{1,2}\s?月\s?\d{1,2}\s?日)"
)
_TIME: Final = re.compile(
    r"(?<!\d)(?P<clock>[0-2]?\d[:.][0-5]\d(?::[0-5]\d)?)(?![\d.]\d)(?:\s*(?P<half>[AaPp]\.?[Mm]\b\.?))?"
    r"(?:\s*\(?(?P<zone>(?:UTC|GMT)\s?[+-]\d{1,2}(?::?\d{2})?|[+-]\d{2}:?\d{2}|[A-Z]{2,5}|МСК)\b)?"
)
_SEPARATORS: Final = " \t»›>/→|•·:-–—\u00a0"
_HOME: Final = frozenset("home beranda depan главная startseite inicio accueil anasayfa الرئيسية 首页".split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Masthead:
    """What the page shows around its headline; empty where it shows nothing."""

    headline: str = ""
    kicker: str | None = None
    published: ParsedDate | None = None
    byline: tuple[str, ...] = ()
    section: str = ""


def read_masthead(plan: Outline, titles: Sequence[str], *, language: str, timezone: str) -> Masthead:
    """Read what stands around the headline of a page."""
    near = list(_near(plan))
    headline, kicker = _headline(plan, titles)
    return Masthead(
        headline=headline,
        kicker=kicker or _kicker(plan, near, headline),
        published=_published(near, language=language, timezone=timezone),
        byline=_byline(near),
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
    whole = text_in(element)
    known = [fold(title) for title in titles if title]
    lines = [block.text for block in blocks_of(element)]
    if len(lines) == 2:
        said = [any(fold(line) in title for title in known) for line in lines]
        first = 0 if said[0] or not said[1] else 1
        if said[0] != said[1]:
            return lines[first], lines[1 - first]
        joined = fold(" ".join(lines))
        if not any(joined in title for title in known):
            return lines[0], lines[1] if len(lines[1]) <= len(lines[0]) else None
    for child in element:
        part = text_in(child)
        rest = whole.replace(part, "", 1).strip(" :|–—-") if part else ""
        if rest and (_KICKER.search(names_of(child)) or (child.tag in ("span", "small") and fold(rest) in known)):
            return rest, part.strip(" :|–—-")
    return whole, None


def _kicker(plan: Outline, near: Sequence[etree._Element], headline: str) -> str | None:
    if plan.headline is None:
        return None
    for element in near:
        if _KICKER.search(names_of(element)):
            text = text_in(element).strip(" :|–—")
            if 1 < len(text) <= 90 and fold(text) != fold(headline) and not _DATE.search(text):
                return text
    return _line_above(plan.nodes[plan.headline], headline)


def _line_above(element: etree._Element, headline: str) -> str | None:
    """A short line without links right above the headline, where nothing says what it is."""
    above = element.getprevious()
    if above is None and element.getparent() is not None and element.getparent().tag in ("header", "hgroup"):
        above = element.getparent().getprevious()
    if above is None or above.tag not in ("p", "div", "span", "small", "strong", "h2", "h3", "h4", "h5", "h6"):
        return None
    if _NO_KICKER.search(names_of(above)) or any(True for _ in above.iter("a", "img", "form", "ul", "nav", "button", "h1")):
        return None
    text = text_in(above).strip(" :|–—")
    if not 3 <= len(text) <= 60 or _DATE.search(text) or is_furniture(text) or read_marks(text) or read_byline(text):
        return None
    return text if fold(text) not in fold(headline) and not text.endswith(".") else None


def _published(near: Sequence[etree._Element], *, language: str, timezone: str) -> ParsedDate | None:
    day: ParsedDate | None = None
    tried = 0
    for element in near:
        line = _dated(element)
        if line is None:
            continue
        tried += 1
        found = parse_date(line, language=language, timezone=timezone)
        if found and not found.day_only:
            return found
        day = day or found
        if tried >= 8:
            break
    return day


def _dated(element: etree._Element) -> str | None:
    """Date, time and zone out of an element that shows them; None when it shows none, or a time of change."""
    if element.tag in ("script", "style", "option", "h1"):
        return None
    given = element.get("datetime") if element.tag == "time" else None
    if given and re.match(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d", given) and not _UPDATED.search(names_of(element)):
        return given
    own = [element.text, *(child.tail for child in element)]
    if not any(text and _DATE.search(text) for text in own) or _UPDATED.search(names_of(element)):
        return None
    whole = text_in(element)
    if len(whole) > 160:
        whole = " ".join(next(text for text in own if text and _DATE.search(text)).split())
    if not _TIME.search(_DATE.sub(" ", whole)) and element.getparent() is not None:
        around = text_in(element.getparent()) if len(element.getparent()) < 20 else ""
        whole = around if len(around) <= 120 and _DATE.search(around) else whole
    return _date_in(whole) if len(whole) <= 300 else None


def _date_in(line: str) -> str | None:
    for match in _DATE.finditer(line):
        if _UPDATED.search(line[max(0, match.start() - 30) : match.start()]):
            continue
        after = line[match.end() : match.end() + 45]
        following = _DATE.search(after)
        clock = _TIME.search(after[: following.start()] if following else after)
        if clock is None:
            clock = _TIME.search(line[max(0, match.start() - 20) : match.start()])
        if clock is None:
            return match[0]
        return " ".join(filter(None, (match[0], clock["clock"].replace(".", ":"), clock["half"], clock["zone"])))
    return None


def _byline(near: Sequence[etree._Element]) -> tuple[str, ...]:
    for element in near:
        marked = element.get("rel") == "author" or _BYLINE.search(names_of(element))
        text = text_in(element)
        if not text or len(text) > 120:
            continue
        named = read_byline(text)
        if named:
            return named
        marks = read_marks(text)
        if marks and marks.byline:
            return marks.byline
        if marked and not _DATE.search(text) and 2 <= len(text.split()) <= 5 and text[0].isupper() and len(element) <= 2:
            return (text,)
    return ()


def _section(plan: Outline, headline: str) -> str:
    """The last link of the trail of sections above the headline ("Home » Berita » Riau")."""
    if plan.headline is None:
        return ""
    for element in reversed(plan.nodes[max(0, plan.headline - BEFORE) : plan.headline]):
        links = [text_in(link) for link in element.iter("a")]
        if not 1 <= len(links) <= 6 or element.tag == "a":
            continue
        between = text_in(element)
        for text in links:
            between = between.replace(text, "", 1)
        trail = "crumb" in names_of(element) or (len(links) > 1 and between.strip() and not between.strip(_SEPARATORS))
        names = [text for text in links if text and fold(text) not in _HOME and fold(text) != fold(headline)]
        if trail and names and len(names[-1]) <= 40:
            return names[-1]
    return ""
