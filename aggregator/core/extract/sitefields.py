"""The fields of a page, each by the selectors of a rule that find anything, and its text without what is none."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from copy import deepcopy
from dataclasses import dataclass, field
from itertools import islice
from typing import Final, TypeVar

from lxml import etree, html

from aggregator.core.dates import ParsedDate, parse_date
from aggregator.core.extract import labels
from aggregator.core.extract.blocks import Block, blocks_of
from aggregator.core.extract.body import find_body
from aggregator.core.extract.lines import read_byline, read_marks, split_caption, split_credits, split_names
from aggregator.core.extract.outline import inside, text_in
from aggregator.core.extract.when import date_in
from aggregator.core.siterules.dates import read_formatted
from aggregator.core.siterules.matching import PageIndex, select
from aggregator.core.siterules.selectors import Selector, compiled
from aggregator.core.text import clean, fold
from aggregator.model import RULE_FIELDS, RuleUse, SiteRule

MOST_OF_FIELD: Final = 40  # elements of one selector that are looked at
MOST_BODIES: Final = 2_000  # elements that make up a text, say its paragraphs one by one
MOST_REMOVED: Final = 5_000
MOST_NAMES: Final = 20
NEAR: Final = 3  # levels above the first name within which others are its fellows
MOST_LOST: Final = 0.2  # of the running text that a rule points at, by leaving out what looks like none
A_STRETCH: Final = 60  # characters without an element between; headlines and labels are shorter
LONGEST_VALUE: Final = 2_000  # characters of an attribute
LONGEST_LINE: Final = 400
LONGEST_CAPTION: Final = 1_000
LONGEST_KICKER: Final = 90
# What is never running text; its pictures and captions are read for themselves.
_APART: Final = compiled("figure, figcaption, aside, nav, form, footer")
_EDGES: Final = " \t|–—-:•·,"
_NO_NAME: Final = re.compile(r"://|@|\d{3}|^\W*$")
_COMMENT: Final = re.compile(r"(?:^|[\s_-])(?:comments?|komentar|replies|disqus)(?:$|[\s_-])")
_MACHINE: Final = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d|\d{9,13}$")
_MARK: Final = "Left-Out"  # upper case: no attribute of a page that was read as HTML has such a name
T = TypeVar("T")


@dataclass(slots=True)
class RuleReader:
    """Reads the fields of one rule, and keeps which selector gave what."""

    rule: SiteRule
    index: PageIndex
    removed: Set[etree._Element]  # what the rule says is no part of the article
    matched: dict[str, str] = field(default_factory=dict)
    holders: dict[str, etree._Element] = field(default_factory=dict)  # the element that a field was read of
    seen: set[etree._Element] = field(default_factory=set)  # all of them: they are no part of the text

    def use(self) -> RuleUse:
        """Say what was found by which selector, and what was not."""
        asked = [name for name in RULE_FIELDS if self.rule.selectors(name)]
        return RuleUse(
            rule=self.rule.name,
            digest=self.rule.digest,
            matched=tuple((name, self.matched[name]) for name in asked if name in self.matched),
            missed=tuple(name for name in asked if name not in self.matched),
        )

    def first(self, name: str, read: Callable[[str], T | None]) -> T | None:
        """Give what the first element says that says anything, by the first selector that finds one."""
        for selector in map(compiled, self.rule.selectors(name)):
            for element, text in self._said(selector):
                if (found := read(text)) is not None:
                    self._found(name, selector, element)
                    return found
        return None

    def every(self, name: str, read: Callable[[str], tuple[str, ...]]) -> tuple[str, ...]:
        """Give what all elements say, each thing once, of the first selector that finds any.

        Only those near the first: who wrote the comments, or the next story on the page, wrote nothing of this one.
        """
        for selector in map(compiled, self.rule.selectors(name)):
            values: dict[str, None] = {}
            near: etree._Element | None = None
            for element, text in self._said(selector):
                found = () if inside(element, _COMMENT, frozenset()) else read(text)
                if found and (near is None or near in element.iterancestors()):
                    self._found(name, selector, element)
                    values |= dict.fromkeys(found)
                    near = near if near is not None else _around(element)
            if values:
                return tuple(values)[:MOST_NAMES]
        return ()

    def body(self) -> tuple[Block, ...]:
        """Give the running text, by the first selector that finds any; nothing that stands apart is in it."""
        for selector in map(compiled, self.rule.body):
            found = select(self.index, selector, most=MOST_BODIES)
            roots = _outermost(found)
            skipped = {*self.removed, *self.seen, *select(self.index, _APART, most=MOST_REMOVED)} - set(roots)
            roots = [root for root in roots if root not in skipped]
            blocks = [block for root in roots for block in blocks_of(root, skip=skipped)]
            if any(block.text for block in blocks):
                self.matched["body"] = selector.text
                return tuple(blocks if self.rule.hosts else _sifted(roots, skipped) or blocks)
        return ()

    def without_kicker(self, headline: str, kicker: str | None) -> str:
        """Give the headline without the kicker that stands within its element."""
        outer, inner = self.holders.get("headline"), self.holders.get("kicker")
        if not kicker or inner is None or outer is None or outer not in inner.iterancestors():
            return headline
        return headline.replace(text_in(inner), "", 1).strip(_EDGES) or headline

    def _said(self, selector: Selector) -> Iterator[tuple[etree._Element, str]]:
        for element in select(self.index, selector, most=MOST_OF_FIELD):
            text = _value(element, selector.attribute) or ("" if selector.attribute else self._text(element))
            if text:
                yield element, text

    def _text(self, element: etree._Element) -> str:
        """The text of an element without what the rule removes within it."""
        text = text_in(element)
        inner = islice(element.iterdescendants(etree.Element), MOST_OF_FIELD) if self.removed else ()
        for each in inner:
            if each in self.removed:
                text = " ".join(text.replace(text_in(each), "", 1).split())
        return text

    def _found(self, name: str, selector: Selector, element: etree._Element) -> None:
        self.matched[name] = selector.text
        self.holders[name] = element
        if not selector.attribute:
            self.seen.add(element)


def _sifted(roots: Sequence[etree._Element], skipped: Set[etree._Element]) -> list[Block]:
    """The blocks of the body of a rule for many sites, without what each site's own additions put into it.

    What finds the text of any page is given that part of this page and nothing else to choose from.
    """
    page, holder = _cut_out(roots, skipped)
    plain = [block for block in blocks_of(holder) if _is_prose(block)]
    found = find_body(page)
    kept = " ".join(fold(block.text) for block in found)
    lost = sum(len(block.text) for block in plain if fold(block.text) not in kept)
    return found if lost <= MOST_LOST * sum(len(block.text) for block in plain) else []


def _cut_out(
    roots: Sequence[etree._Element], skipped: Set[etree._Element]
) -> tuple[etree._Element, etree._Element]:
    """A page with nothing but these elements, and the one that holds them; the tree stays as it is."""
    page = html.document_fromstring("<html><body><article></article></body></html>")
    holder = page[0][0]
    for element in skipped:
        element.set(_MARK, "")
    holder.extend([deepcopy(root) for root in roots])
    for element in skipped:
        del element.attrib[_MARK]
    take_away([element for element in page.iter(etree.Element) if _MARK in element.attrib])
    for root in holder:
        root.tail = None
    return page, holder


def _is_prose(block: Block) -> bool:
    return len(block.text) >= A_STRETCH and not block.is_linked


def _outermost(found: Sequence[etree._Element]) -> list[etree._Element]:
    """Give those that stand in no other of them; they come in document order."""
    kept: set[etree._Element] = set()
    for element in found:
        if kept.isdisjoint(element.iterancestors()):
            kept.add(element)
    return [element for element in found if element in kept]


def _value(element: etree._Element, attribute: str) -> str:
    """The attribute that is asked for; of a meta element, which has no text, what it holds."""
    if attribute:
        value = element.get(attribute)
    else:
        value = (element.get("content") or element.get("value")) if element.tag == "meta" else None
    return clean((value or "")[:LONGEST_VALUE])


def _around(element: etree._Element) -> etree._Element:
    return next(islice(element.iterancestors(), NEAR - 1, None), element)


def removed_by(rule: SiteRule, index: PageIndex) -> tuple[etree._Element, ...]:
    """The elements that a rule says are no part of the article."""
    found = (select(index, compiled(text), most=MOST_REMOVED) for text in rule.remove)
    removed = dict.fromkeys(element for each in found for element in each)
    return tuple(element for element in removed if element.tag not in ("html", "body"))


def read_kicker(text: str) -> str | None:
    """A kicker in a line; None where it is too long to be one."""
    text = text.strip(_EDGES)
    return text if 1 < len(text) <= LONGEST_KICKER else None


def read_people(text: str) -> tuple[str, ...]:
    """Names in a line that a rule says is the byline; what labels them, and addresses, are no names."""
    marks = read_marks(text)
    names = (marks.byline if marks else ()) or read_byline(text)
    if not names and len(text) <= LONGEST_LINE:
        names = split_names(text)
    return tuple(
        name for name in names if len(name) > 1 and not _NO_NAME.search(name) and not _is_account(name)
    )


def _is_account(name: str) -> bool:
    return any(word in labels.NETWORKS for word in fold(name).split())


def read_date(text: str, rule: SiteRule, *, language: str, timezone: str) -> ParsedDate | None:
    """A date in a line, first as the rule says it is written."""
    if rule.date_format and (
        found := read_formatted(text, rule.date_format, language=language, timezone=timezone)
    ):
        return found
    given = text if _MACHINE.match(text) else date_in(text) or text
    return parse_date(given, language=language, timezone=timezone)


def read_caption(text: str) -> tuple[str | None, str | None] | None:
    """A caption and the credit that ends it; None where a line is neither."""
    if len(text) > LONGEST_CAPTION:
        return None
    caption, photo = split_caption(text)
    return (caption.strip(_EDGES) or None, photo) if caption or photo else None


def read_credits(text: str) -> tuple[str, ...]:
    """Wires and papers that a line names."""
    marks = read_marks(text)
    if marks is not None:
        return marks.credits
    return split_credits(text) if len(text) <= LONGEST_LINE else ()


def read_editor(text: str) -> str | None:
    """The editor whom a line names."""
    marks = read_marks(text)
    name = (marks.editor or "") if marks else text
    return name.strip(_EDGES) or None if len(name) <= LONGEST_KICKER else None


def take_away(elements: Iterable[etree._Element]) -> None:
    """Take elements out of their tree; what stands behind them stays."""
    for element in elements:
        parent = element.getparent()
        if parent is None:
            continue
        before, tail = element.getprevious(), element.tail or ""
        if before is not None:
            before.tail = (before.tail or "") + tail
        else:
            parent.text = (parent.text or "") + tail
        parent.remove(element)
