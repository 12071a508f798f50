"""An article without the paragraphs that its outlet repeats (core/repeats)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Final

from aggregator.core.extract.blocks import Block, blocks_of, html_of
from aggregator.core.flat import tree_of
from aggregator.core.repeats import hash_of
from aggregator.core.sanitize import sanitize
from aggregator.core.text import cut
from aggregator.model import Article, LeftOut

KEPT: Final = 0.5  # of a text stays, or all of it: an article is not made of notices


def without(article: Article, left_out: Mapping[int, str]) -> Article:
    """Leave out the paragraphs with these hashes, each with its reason; none, where they are the greater part."""
    given = article.text.split("\n\n")
    reasons = [left_out.get(hash_of(paragraph)) for paragraph in given]
    kept = [each for each, reason in zip(given, reasons, strict=True) if reason is None]
    text = "\n\n".join(kept)
    if len(kept) == len(given) or not kept or len(text) < KEPT * len(article.text):
        return article
    gone = {each: reason for each, reason in zip(given, reasons, strict=True) if reason is not None}
    return replace(
        article,
        text=text,
        html=_html_without(article.html, left_out.keys()),
        summary=_summary(article, text),
        left_out=tuple(LeftOut(text=each, because=reason) for each, reason in gone.items()),
    )


def _html_without(html: str, left_out: Collection[int]) -> str:
    """Leave the same paragraphs out of the markup; addresses in it are absolute already."""
    body = tree_of(html)
    if body is None:
        return html
    blocks = [block for block in blocks_of(body, images=True) if not _is_among(block, left_out)]
    return sanitize(html_of(blocks), base="")


def _is_among(block: Block, left_out: Collection[int]) -> bool:
    return "<img" not in block.markup and hash_of(block.text) in left_out


def _summary(article: Article, text: str) -> str:
    """Begin a summary that is no more than the start of the text where that begins now."""
    start = article.summary.rstrip("…")
    if not start or not " ".join(article.text.split()).startswith(start):
        return article.summary
    return cut(" ".join(text.split()), len(article.summary))
