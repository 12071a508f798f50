"""Blocks into an article's text: lines that say who made it are read and taken out, the page's own lines dropped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from aggregator.core.extract.blocks import Block
from aggregator.core.extract.datelines import read_dateline
from aggregator.core.extract.furniture import (
    heads_comments,
    is_for_machines,
    is_furniture,
    is_photo_credit,
    is_request,
)
from aggregator.core.extract.lines import (
    Marks,
    inline_credits,
    read_byline,
    read_marks,
    strip_caption_label,
)
from aggregator.core.extract.when import is_date_line
from aggregator.core.text import fold

LONGEST_CAPTION: Final = 400
HEADS: Final = 5  # paragraphs that are links, each with text behind it
ALL: Final = 0.9  # of a block, when it is nothing but links
TOP: Final = 3  # blocks in which a byline may stand
OPENING: Final = 2  # paragraphs in which a dateline may stand: a standfirst is before it
FEWEST: Final = 3  # blocks of text before what may be the readers' comments


@dataclass(frozen=True, slots=True, kw_only=True)
class Refined:
    """The text of an article and what its own lines say of it."""

    blocks: tuple[Block, ...]
    marks: Marks
    dateline: str | None
    caption: str | None  # of a line with a caption's label
    changed: bool  # whether anything was taken out


def refine(blocks: Sequence[Block], *, known: Iterable[str] = (), of_page: bool = False) -> Refined:
    """Keep the running text. `known` are lines that are told elsewhere: headline, kicker, captions.

    `of_page`: the blocks were found on a page, where more stands beside an article than in a feed.
    """
    sieve = _Sieve(told={fold(line) for line in known if line}, of_page=of_page and not _is_digest(blocks))
    for block in blocks:
        sieve.add(block)
    kept = _trimmed(sieve.kept)
    last = next((block.text for block in reversed(kept) if not block.is_heading), "")
    opening = [block.text for block in kept if block.kind == "p"][:OPENING]
    return Refined(
        blocks=tuple(kept),
        marks=sieve.marks.joined(Marks(credits=inline_credits(last))),
        dateline=next(filter(None, map(read_dateline, opening)), None),
        caption=sieve.caption,
        changed=len(kept) != len(blocks),
    )


@dataclass(slots=True, kw_only=True)
class _Sieve:
    """Sorts blocks one by one into text and all else."""

    told: Set[str]
    of_page: bool = False
    kept: list[Block] = field(default_factory=list)
    marks: Marks = field(default_factory=Marks)
    caption: str | None = None
    dropping: bool = False  # what follows a heading like "Read also" goes while it is links
    orphaned: bool = False  # what followed the last kept heading went
    ended: bool = False  # the readers' comments have begun

    def add(self, block: Block) -> None:
        """Keep a block, or read it and let it go."""
        if self.ended or (self.dropping and (block.is_linked or block.kind in ("ul", "ol"))):
            self.orphaned = True
            return
        self.dropping = False
        if self._is_read(block) or self._is_of_the_page(block):
            self.orphaned = True
        elif not _is_told(block, self.told, top=len(self.kept) < TOP):
            self._keep(block)

    def _keep(self, block: Block) -> None:
        if self.orphaned and block.is_heading and self.kept and self.kept[-1].is_heading:
            self.kept.pop()
        self.orphaned = False
        self.kept.append(block)

    def _is_read(self, block: Block) -> bool:
        """Whether a block only says who made the article, or what its picture shows: that is kept for itself."""
        caption = _caption(block)
        read = _marks(block, top=len(self.kept) < TOP) if caption is None else None
        self.caption = self.caption or caption
        self.marks = self.marks.joined(read) if read else self.marks
        return caption is not None or read is not None

    def _is_of_the_page(self, block: Block) -> bool:
        if self.of_page and len(self.kept) >= FEWEST and heads_comments(block.text):
            self.ended = True
        elif is_furniture(block.text, linked=block.is_linked):
            self.dropping = bool(block.text)
        elif not (self.of_page and _is_beside(block)):
            return False
        return True


def _is_beside(block: Block) -> bool:
    """Whether a block of a page is a link elsewhere, a request to its reader, a photo's credit, a machine's line."""
    if block.kind == "row" or block.is_heading:
        return False
    if _is_link(block):
        return True
    return is_request(block.text) or is_for_machines(block.text) or is_photo_credit(block.text)


def _is_link(block: Block) -> bool:
    """Whether a block is a link to another story: all of it, without a full stop; of a list the better part."""
    least = 0.5 if block.kind in ("ul", "ol") else ALL
    return block.linked > least * len(block.text) and block.text[-1:] not in ".!?…"


def _is_digest(blocks: Sequence[Block]) -> bool:
    """Whether links are what a page is about: a digest, a list of sources, a text whose links are its headings."""
    linked = sum(len(block.text) for block in blocks if block.is_linked)
    heads = sum(
        _is_link(block) and not _is_link(after) for block, after in pairwise(blocks) if block.kind == "p"
    )
    return linked * 2 > sum(len(block.text) for block in blocks) or heads >= HEADS


def _caption(block: Block) -> str | None:
    return strip_caption_label(block.text) if len(block.text) < LONGEST_CAPTION else None


def _is_told(block: Block, told: Set[str], *, top: bool) -> bool:
    """Whether a block only repeats what stands elsewhere: a headline, a caption, the date."""
    if top and is_date_line(block.text):
        return True
    return fold(block.text) in told and (top or len(block.text) > 15)


def _marks(block: Block, *, top: bool) -> Marks | None:
    read = read_marks(block.text)
    if read is None and top and (names := read_byline(block.text)):
        return Marks(byline=names)
    return read


def _trimmed(blocks: list[Block]) -> list[Block]:
    """Without headings that head nothing."""
    end = len(blocks)
    while end and blocks[end - 1].is_heading:
        end -= 1
    return blocks[:end] if end else blocks
