"""The running text held against `articleBody`, the publisher's own copy of it (schema.org, JSON-LD).

Where a page carries that copy whole, a paragraph that is not in it is the page's, not the article's; and where most
of the copy was not found, the page's paragraphs that are in it are the text. A copy that is cut short says nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from lxml import etree

from aggregator.core.extract.blocks import Block, blocks_of
from aggregator.core.text import fold

SHORTEST: Final = 600  # folded letters of a copy that is taken for whole
WHOLE: Final = 0.7  # of the found text that a whole copy has, at least, and of its own length
FOUND: Final = 0.75  # of the copy that the found text has, where nothing is missing
LETTERS: Final = re.compile(r"[\W_]+")
PIECE: Final = 24  # letters; pieces of a block that are looked for
MOST: Final = 200_000
OPENING: Final = 3  # blocks before the first that the copy has


def hold(blocks: Sequence[Block], tree: etree._Element, copy: str) -> list[Block]:
    """The blocks without what the copy does not have, or the page's blocks that it has where these are more."""
    told = _letters(copy[:MOST])
    if len(told) < SHORTEST:
        return list(blocks)
    kept = [block for block in blocks if _share(block.text, told) >= 0.5]
    size = _size(kept)
    if size < FOUND * len(told):
        others = [block for block in blocks_of(tree) if _share(block.text, told) >= 0.5]
        fuller = _once(others)
        return fuller if _size(fuller) >= max(FOUND * len(told), 1.2 * size) else list(blocks)
    return _without_strangers(blocks, told) if size >= WHOLE * _size(blocks) else list(blocks)


def _without_strangers(blocks: Sequence[Block], told: str) -> list[Block]:
    """Subheadings and rows stay where they stand among paragraphs: copies leave them out more often than not."""
    own = [_share(block.text, told) >= 0.5 for block in blocks]
    first, last = own.index(True), len(own) - 1 - own[::-1].index(True)
    kept: list[Block] = []
    for index, block in enumerate(blocks):
        inner = first < index < last and not block.is_linked
        opens = first - OPENING <= index < first and _is_sentence(
            block
        )  # a standfirst, which copies leave out, too
        if own[index] or opens or (inner and _is_left_out(block)):
            kept.append(block)
    return kept


def _is_left_out(block: Block) -> bool:
    return block.is_heading or block.kind in ("row", "quote", "pre") or len(_letters(block.text)) < PIECE


def _is_sentence(block: Block) -> bool:
    return len(block.text) >= 60 and block.text[-1] in '.!?…"”»)。' and not block.is_linked


def _once(blocks: Sequence[Block]) -> list[Block]:
    return list({block.text: block for block in blocks}.values())


def _size(blocks: Sequence[Block]) -> int:
    return sum(len(_letters(block.text)) for block in blocks)


def _share(text: str, told: str) -> float:
    """How much of a block is in the copy: of its pieces, since marks and links are written in many ways."""
    letters = _letters(text)
    if len(letters) <= PIECE:
        return float(bool(letters) and letters in told)
    pieces = [letters[at : at + PIECE] for at in range(0, len(letters) - PIECE + 1, PIECE)]
    return sum(piece in told for piece in pieces) / len(pieces)


def _letters(text: str) -> str:
    return LETTERS.sub("", fold(text))
