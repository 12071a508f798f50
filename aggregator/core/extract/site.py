"""What a page says where its site's rule looks for it; what the rule does not find is found as on any page."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from lxml import etree

from aggregator.core.dates import ParsedDate
from aggregator.core.extract.blocks import SKIPPED_TAGS, Block
from aggregator.core.extract.body import find_body
from aggregator.core.extract.sitefields import (
    A_STRETCH,
    LONGEST_LINE,
    RuleReader,
    read_caption,
    read_credits,
    read_date,
    read_editor,
    read_kicker,
    read_people,
    removed_by,
    take_away,
)
from aggregator.core.siterules.matching import PageIndex, TooManySteps, select
from aggregator.core.siterules.selectors import compiled
from aggregator.core.text import fold
from aggregator.model import Article, Image, RuleUse, SiteRule

MOST_TRIED: Final = 4  # rules that are for a page and do not fit it
MUCH_MORE: Final = 2.5


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteReading:
    """What one rule gave on one page; empty where it gave nothing."""

    use: RuleUse | None = None  # None: no rule was for the page
    headline: str = ""
    kicker: str | None = None
    byline: tuple[str, ...] = ()
    published: ParsedDate | None = None
    blocks: tuple[Block, ...] = ()
    caption: str | None = None
    photo: str | None = None  # the credit that ends the caption
    credits: tuple[str, ...] = ()
    editor: str | None = None
    removed: tuple[etree._Element, ...] = ()  # of the page, no part of the article

    @property
    def told(self) -> tuple[str, ...]:
        """The lines that are no running text, as a page may write them: one by one, and run together."""
        kicker, headline = self.kicker or "", self.headline
        joined = (f"{kicker}{headline}", f"{kicker} {headline}", f"{kicker}: {headline}", f"{kicker}:")
        return (headline, kicker, *(joined if kicker else ()), self.caption or "")


def is_for(rule: SiteRule, index: PageIndex) -> bool:
    """Whether a rule that knows pages by their markup knows this one; one of a host does without."""
    return not rule.detect or any(select(index, compiled(text), most=1) for text in rule.detect)


def read_site(rule: SiteRule, index: PageIndex, *, language: str, timezone: str) -> SiteReading:
    """Read a page by a rule; raises TooManySteps. The tree stays as it is."""
    removed = removed_by(rule, index)
    reader = RuleReader(rule, index, frozenset(removed))
    zone = rule.timezone or timezone
    kicker = reader.first("kicker", read_kicker)
    headline = reader.first("headline", lambda text: text if len(text) <= LONGEST_LINE else None)
    caption, photo = reader.first("caption", read_caption) or (None, None)
    return SiteReading(
        headline=reader.without_kicker(headline or "", kicker),
        kicker=kicker,
        byline=reader.every("byline", read_people),
        published=reader.first("date", lambda text: read_date(text, rule, language=language, timezone=zone)),
        caption=caption,
        photo=photo,
        credits=reader.every("credits", read_credits),
        editor=reader.first("editor", read_editor),
        blocks=reader.body(),
        removed=removed,
        use=reader.use(),  # last: it says what all before it found
    )


def unused(rule: SiteRule, reason: str, use: RuleUse | None = None) -> RuleUse:
    """Say that a page was read without a rule that was for it, which counts as a miss of its body."""
    known = use or RuleUse(rule=rule.name, digest=rule.digest)
    missed = tuple(dict.fromkeys((*known.missed, "body"))) if rule.body else known.missed
    matched = tuple(each for each in known.matched if each[0] != "body")
    return replace(known, is_used=False, missed=missed, matched=matched, note=reason)


def find_site(
    rules: Sequence[SiteRule], tree: etree._Element, *, language: str, timezone: str
) -> tuple[SiteReading, tuple[RuleUse, ...]]:
    """Read a page by the first rule that is for it and fits, and tell of every rule that was tried.

    No rule makes a page worse: one whose text is missing, or is little of what the page has, is passed over.
    What the rule removes is gone from the tree afterwards.
    """
    index = PageIndex(tree)
    uses: list[RuleUse] = []
    for rule in rules:
        try:
            reading = (
                read_site(rule, index, language=language, timezone=timezone) if is_for(rule, index) else None
            )
        except TooManySteps:
            uses.append(unused(rule, "its selectors have too much to look at on this page"))
            break
        if reading is None:
            continue
        reason = _why_not(rule, reading, index)
        if not reason:
            take_away(reading.removed)
            return reading, (*uses, *filter(None, [reading.use]))
        uses.append(unused(rule, reason, reading.use))
        if len(uses) == MOST_TRIED:
            break
    return SiteReading(), tuple(uses)


def _why_not(rule: SiteRule, reading: SiteReading, index: PageIndex) -> str:
    """Say why a page is better read without the rule; "": it is not."""
    if rule.body:
        if not reading.blocks:
            return "no selector of its body finds any text"
        size = sum(len(block.text) for block in reading.blocks)
        if sum(block.linked for block in reading.blocks) * 2 > size:
            return "what its body finds is links, for the most part"
        if _prose(index) > size * MUCH_MORE and _generic(index) > size * MUCH_MORE:
            return "its body is little of the text that the page has"
    elif reading.removed and _prose(index, without=set(reading.removed)) * MUCH_MORE < _prose(index):
        return "its remove would take away most of the text"
    return ""


def _prose(index: PageIndex, *, without: Set[etree._Element] = frozenset()) -> int:
    """Count the characters of a page that stand in longer stretches, and so may be running text."""
    size = 0
    walker = etree.iterwalk(index.root, events=("start",))
    for _, element in walker:
        if element in without or element.tag in SKIPPED_TAGS or element.tag == "a":
            walker.skip_subtree()
        else:
            size += _stretch(element.text)
        size += _stretch(element.tail)
    return size


def _stretch(text: str | None) -> int:
    size = len(text.strip()) if text else 0
    return size if size >= A_STRETCH else 0


def _generic(index: PageIndex) -> int:
    return sum(len(block.text) for block in find_body(index.root))


def with_site(found: Article, site: SiteReading, *, dated: bool) -> Article:
    """Put what a site's rule found before what any page shows; `dated`: the feed gave day and time, which stand."""
    return replace(
        found,
        headline=_headline(site, found),
        kicker=site.kicker or found.kicker,
        byline=site.byline or found.byline,
        editor=site.editor or found.editor,
        credits=site.credits or found.credits,
        published=found.published if dated else _better(site.published, found.published),
        images=_captioned(found.images, site),
    )


def _headline(site: SiteReading, found: Article) -> str:
    """The rule's headline; without a kicker within it that the page was read to have."""
    given = fold(site.headline)
    known, kicker = fold(found.headline), fold(found.kicker or "")
    if kicker and not site.kicker and given in (f"{kicker} {known}", f"{known} {kicker}"):
        return found.headline
    return site.headline or found.headline


def _better(said: ParsedDate | None, known: datetime | None) -> datetime | None:
    """The rule's date; a day of it only where no time of that same day is known.

    Of two near each other the one with an offset: many pages give their times in UTC as well, or call them that.
    """
    if said is None or known is None:
        return said.value if said else known
    if said.day_only and known.date() == said.value.date():
        return known
    utc = not said.value.utcoffset() and bool(known.utcoffset())
    return known if utc and abs(said.value - known) < timedelta(days=1) else said.value


def _captioned(images: tuple[Image, ...], site: SiteReading) -> tuple[Image, ...]:
    if not images or not (site.caption or site.photo):
        return images
    lead = replace(
        images[0], caption=site.caption or images[0].caption, credit=site.photo or images[0].credit
    )
    return (lead, *images[1:])
