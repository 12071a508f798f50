"""The standfirst: the sentence or two between a headline and its text, which extractors take for decoration.

On 85 of 390 labelled pages the text began with one that the running text, as it was found, lacked.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from lxml import etree

from aggregator.core.extract.blocks import Block, blocks_of
from aggregator.core.extract.furniture import is_furniture
from aggregator.core.extract.lines import read_byline, read_marks, split_caption
from aggregator.core.extract.outline import Outline, inside, names_of, text_in
from aggregator.core.extract.when import TIME, is_date_line
from aggregator.core.text import fold

AHEAD: Final = 150  # elements below the headline that are looked at
SHORTEST: Final = 40  # characters
LONGEST: Final = 1_200
MOST_BLOCKS: Final = 3
_TIMED: Final = 90  # characters; a shorter line with a time of day is no sentence
_SAME: Final = 50  # folded characters by which two texts are taken for one
_TAGS: Final = frozenset(("p", "div", "h2", "h3", "h4", "span", "strong", "section", "em", "b", "ul"))
_NAMED: Final = re.compile(
    r"stand-?first|(?:^|[\s_-])(?:lead|lede|leadin|intro|dek|deck|excerpt|abstract|preamble|ingress|perex|sapo|chapo|"
    r"chapeau|bajada|entradilla|sumario|anrisstext|vorspann|summary|teaser)(?:[\s_-]?(?:text|paragraph|line))?(?:$|[\s_-])|"
    r"(?:^|[\s_-])sub-?(?:title|head(?:line)?)(?:$|[\s_-])|leadtext|teasertext|speakable|article[_-]+desc"
)
_NOT: Final = re.compile(
    r"related|terkait|sidebar|share|author|byline|comment|komentar|advert|newsletter|promo|paywall|recommend|popul|"
    r"caption|figure|meta|(?:^|[\s_-])nav|list-?item|video|gallery"
)
_NOT_TAGS: Final = frozenset(
    ("aside", "nav", "footer", "form", "button", "figure", "figcaption", "li", "a", "table")
)
_HEADERS: Final = frozenset(("header", "hgroup"))


def find_standfirst(plan: Outline, blocks: Sequence[Block], descriptions: Sequence[str]) -> list[Block]:
    """The blocks of the standfirst; [] where there is none, or the text has it already.

    `descriptions` are what the page's head says the article is about: most pages repeat their standfirst there.
    """
    if plan.headline is None:
        return []
    said = tuple(fold(text)[:_SAME] for text in descriptions if len(text) >= SHORTEST)
    begun = [fold(block.text) for block in blocks[:6]]
    header = plan.nodes[plan.headline].getparent()
    below = plan.nodes[plan.headline + 1 : min(plan.start, plan.headline + AHEAD)]
    for element in filter(lambda node: node.tag in _TAGS, below):
        text = text_in(element, LONGEST)
        if _is_new(text, begun) and (fold(text).startswith(said) or _is_named(element, header)):
            return [] if inside(element, _NOT, _NOT_TAGS) else _blocks(element)
    return []


def _is_new(text: str, begun: Sequence[str]) -> bool:
    return _is_prose(text) and not _is_in(fold(text), begun)


def _is_named(element: etree._Element, header: etree._Element | None) -> bool:
    """Whether an element, or what it stands in, says what it is; in a header with the headline it need not."""
    parent = element.getparent()
    if parent is None:
        return False
    named = _NAMED.search(names_of(element)) or _NAMED.search(names_of(parent))
    return bool(named) or (parent is header and parent.tag in _HEADERS)


def _is_prose(text: str) -> bool:
    if not SHORTEST <= len(text) <= LONGEST or is_date_line(text):
        return False
    if text.endswith(("...", "…")) or split_caption(text)[1] or (len(text) < _TIMED and TIME.search(text)):
        return False  # the text's own beginning, cut short; a caption; a line of dates
    return not (is_furniture(text) or read_marks(text) or read_byline(text))


def _is_in(text: str, begun: Sequence[str]) -> bool:
    return any(text[:_SAME] in block or (len(block) >= _SAME and block[:_SAME] in text) for block in begun)


def _blocks(element: etree._Element) -> list[Block]:
    """Paragraphs of a standfirst; one that holds more than that is none."""
    found = [
        Block(
            kind="ul" if block.kind == "ul" else "p",
            text=block.text,
            markup=block.markup,
            linked=block.linked,
        )
        for block in blocks_of(element)
        if not (is_date_line(block.text) or read_byline(block.text) or is_furniture(block.text, linked=True))
    ]
    return found if 0 < len(found) <= MOST_BLOCKS and not any(block.is_linked for block in found) else []
