"""Blocks into an article's text: lines that say who made it are read and taken out, the page's own lines dropped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, field
from typing import Final

from aggregator.core.extract.blocks import Block
from aggregator.core.extract.datelines import read_dateline
from aggregator.core.extract.lines import (
    Marks,
    inline_credits,
    is_furniture,
    read_byline,
    read_marks,
    strip_caption_label,
)
from aggregator.core.extract.when import is_date_line
from aggregator.core.text import fold

LONGEST_CAPTION: Final = 400
TOP: Final = 3  # blocks in which a byline may stand


@dataclass(frozen=True, slots=True, kw_only=True)
class Refined:
    """The text of an article and what its own lines say of it."""

    blocks: tuple[Block, ...]
    marks: Marks
    dateline: str | None
    caption: str | None  # of a line with a caption's label
    changed: bool  # whether anything was taken out


def refine(blocks: Sequence[Block], *, known: Iterable[str] = ()) -> Refined:
    """Keep the running text. `known` are lines that are told elsewhere: headline, kicker, captions."""
    sieve = _Sieve(told={fold(line) for line in known if line})
    for block in blocks:
        sieve.add(block)
    kept = _trimmed(sieve.kept)
    last = next((block.text for block in reversed(kept) if not block.is_heading), "")
    first = next((block.text for block in kept if block.kind == "p"), "")
    return Refined(
        blocks=tuple(kept),
        marks=sieve.marks.joined(Marks(credits=inline_credits(last))),
        dateline=read_dateline(first),
        caption=sieve.caption,
        changed=len(kept) != len(blocks),
    )


@dataclass(slots=True, kw_only=True)
class _Sieve:
    """Sorts blocks one by one into text and all else."""

    told: Set[str]
    kept: list[Block] = field(default_factory=list)
    marks: Marks = field(default_factory=Marks)
    caption: str | None = None
    dropping: bool = False  # what follows a heading like "Read also" goes while it is links

    def add(self, block: Block) -> None:
        """Keep a block, or read it and let it go."""
        if self.dropping and (block.is_linked or block.kind in ("ul", "ol")):
            return
        self.dropping = False
        top = len(self.kept) < TOP
        if (caption := _caption(block)) is not None:
            self.caption = self.caption or caption
        elif (read := _marks(block, top=top)) is not None:
            self.marks = self.marks.joined(read)
        elif is_furniture(block.text, linked=block.is_linked):
            self.dropping = bool(block.text)
        elif not _is_told(block, self.told, top=top):
            self.kept.append(block)


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
