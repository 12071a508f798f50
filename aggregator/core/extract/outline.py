"""Where things stand on a page: the headline, the beginning and the end of the text, in document order."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from lxml import etree

from aggregator.core.extract.blocks import BLOCK_TAGS, SKIPPED_TAGS, Block, blocks_of
from aggregator.core.extract.when import is_date_line
from aggregator.core.text import fold

_TITLE_CLASS: Final = re.compile(
    r"(?:^|[\s_-])(?:headline|judul|(?:article|entry|post|news|page)[_-]?title)(?:$|[\s_-])"
)
_SHORTEST_ANCHOR: Final = 12
_SURE: Final = 15  # characters; fewer may be the name of the paper


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """The elements of a page and three places among them."""

    nodes: tuple[etree._Element, ...]  # in document order
    headline: int | None  # index of the headline's element
    start: int  # index of the element in which the text begins
    end: int  # index of the element in which the text ends


def outline(tree: etree._Element, blocks: Sequence[Block], titles: Sequence[str]) -> Outline:
    """Find the headline by the titles that are known of it, and the text by its first and last block."""
    nodes = tuple(tree.iter(etree.Element))
    headline = _find_headline(nodes, [fold(title) for title in titles if title])
    first = 0 if headline is None else headline + 1
    prose = [block.text for block in blocks if _is_prose(block)]
    if not prose:
        return Outline(nodes=nodes, headline=headline, start=first, end=first)
    found = _first_with(nodes, prose[0], range(first, len(nodes)))
    start = _first_with(nodes, prose[0], range(first)) if found is None else found
    start = first if start is None else start
    end = _first_with(nodes, prose[-1], range(len(nodes) - 1, start, -1))
    return Outline(nodes=nodes, headline=headline, start=start, end=start if end is None else end)


def _is_prose(block: Block) -> bool:
    return len(block.text) >= _SHORTEST_ANCHOR and not block.is_heading and not is_date_line(block.text)


def _first_with(nodes: Sequence[etree._Element], text: str, order: range) -> int | None:
    """The first element, in that order, in which or behind which the text begins."""
    for index in order:
        for child, given in _own_text(nodes[index]):
            line = " ".join(given.split())
            if len(line) >= _SHORTEST_ANCHOR and (text.startswith(line) or line.startswith(text)):
                return index if child is None else nodes.index(child, index)
    return None


def _own_text(node: etree._Element) -> Iterator[tuple[etree._Element | None, str]]:
    if node.tag in SKIPPED_TAGS:
        return
    if node.text:
        yield None, node.text
    for child in node.iterchildren(etree.Element):
        if child.tail:
            yield child, child.tail


def _find_headline(nodes: Sequence[etree._Element], titles: Sequence[str]) -> int | None:
    """The h1 that says what the titles say; else an h2 or a titled element that does; else the only h1."""
    heads = [index for index, node in enumerate(nodes) if node.tag == "h1" and text_in(node)]
    marked = (index for index, node in enumerate(nodes) if node.tag == "h2" or is_titled(node))
    for index in (*heads, *marked):
        if _says(nodes[index], titles):
            return index
    return heads[0] if len(heads) == 1 else None


def is_titled(node: etree._Element) -> bool:
    """Whether an element's class or id says that it holds the headline."""
    return bool(_TITLE_CLASS.search(names_of(node)))


def _says(node: etree._Element, titles: Sequence[str]) -> bool:
    lines = [fold(block.text) for block in blocks_of(node)] if len(node) else [fold(text_in(node))]
    whole = " ".join(lines)
    if not whole or len(whole) > 400:
        return False
    return any(_is_line_of(title, lines) or _is_stem_of(title, whole) for title in titles)


def _is_line_of(title: str, lines: Sequence[str]) -> bool:
    return title in lines or any(len(line) >= _SURE and line in title for line in lines)


def _is_stem_of(title: str, whole: str) -> bool:
    """Whether a title that may be cut short ("…") is the beginning of what stands there."""
    stem = title.rstrip(".… ")
    return len(stem) >= _SURE and stem in whole


def text_in(node: etree._Element, limit: int = 2000) -> str:
    """The visible text of an element in one line; of a longer one, little more than `limit` characters."""
    parts: list[str] = []
    size = 0
    for element in node.iter(etree.Element):
        gap = " " if element.tag in BLOCK_TAGS or element.tag == "br" else ""
        shown = element.text if element.text and element.tag not in SKIPPED_TAGS else ""
        tail = element.tail if element.tail and element is not node else ""
        parts += (gap, shown, gap if tail else "", tail)
        size += len(shown.strip()) + len(tail.strip())
        if size > limit:
            break
    return " ".join("".join(parts).split())


def names_of(node: etree._Element) -> str:
    """Class, id and itemprop of an element, lower case, by which pages say what it is for."""
    return " ".join(filter(None, (node.get("class"), node.get("id"), node.get("itemprop"))))[:500].lower()


def inside(node: etree._Element, pattern: re.Pattern[str], tags: frozenset[str], *, most: int = 12) -> bool:
    """Whether an element or one of its nearest ancestors has such a tag, or such a name."""
    current: etree._Element | None = node
    for _ in range(most):
        if current is None or current.tag in ("body", "html", "article", "main"):
            return False
        if current.tag in tags or pattern.search(names_of(current)):
            return True
        current = current.getparent()
    return False
