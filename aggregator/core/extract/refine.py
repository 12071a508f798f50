"""Blocks into an article's text: lines that say who made it are read and taken out, the page's own lines dropped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from aggregator.core.extract.blocks import Block
from aggregator.core.extract.lines import (
    Marks,
    inline_credits,
    is_furniture,
    read_byline,
    read_dateline,
    read_marks,
    strip_caption_label,
)
from aggregator.core.text import fold

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
    told = {fold(line) for line in known if line}
    kept: list[Block] = []
    marks = Marks()
    caption: str | None = None
    dropping = False  # what follows a heading like "Read also" goes while it is links
    for block in blocks:
        if dropping and (block.is_linked or block.kind in ("ul", "ol")):
            continue
        dropping = False
        labelled = strip_caption_label(block.text) if len(block.text) < 400 else None
        read = _marks(block, top=len(kept) < TOP)
        if labelled is not None:
            caption = caption or labelled
        elif read is not None:
            marks = marks.joined(read)
        elif is_furniture(block.text, linked=block.is_linked):
            dropping = bool(block.text)
        elif not (fold(block.text) in told and (len(kept) < TOP or len(block.text) > 15)):
            kept.append(block)
    kept = _trimmed(kept)
    last = next((block.text for block in reversed(kept) if not block.is_heading), "")
    marks = marks.joined(Marks(credits=inline_credits(last)))
    first = next((block.text for block in kept if block.kind == "p"), "")
    return Refined(
        blocks=tuple(kept),
        marks=marks,
        dateline=read_dateline(first),
        caption=caption,
        changed=len(kept) != len(blocks),
    )


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
