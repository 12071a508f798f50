"""The headline of an article, of all that a page calls itself.

A NewsArticle's `headline` is the newsroom's own word and comes first; then what the page shows to its readers, unless
that is only the name of the paper; then what is made for others to share. On 1,018 labelled pages no other order of
these does better; where they differ, papers differ in which they mean.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import product
from typing import Final

from aggregator.core.extract.metadata import Metadata
from aggregator.core.text import clean, fold

LONG: Final = 100  # characters; Google asks for no more than 110, and systems cut there
SHORTEST: Final = 10  # characters of a headline that only a machine reads
DOTS: Final = re.compile(r"(?:…|\.\.\.+|\[\s*(?:…|\.{2,}|&hellip;)\s*\]|\(\s*(?:…|\.{2,})\s*\))\W*$")
_SUFFIX: Final = re.compile(r"(?:\s+[-|–—»·:•~]+\s+|\s*(?:--|[_｜|])\s*)(?P<name>[^|»_｜]{2,40})$")
_SEPARATOR: Final = re.compile(r"\s+[-|–—»·•~]+\s+|\s*(?:--|[_｜|])\s*|:\s+")


def headline_of(metadata: Metadata, shown: str, title: str) -> str:
    """The headline: `shown` is the text of the headline's element, `title` that of the title element."""
    named = metadata.headline
    if (
        len(named) >= SHORTEST
        and not _is_name(named, metadata, title)
        and not _is_for_search(metadata, shown, title)
    ):
        return clean(
            _whole(_without_name(named, (shown, metadata.title, *metadata.titles)), (shown, *metadata.titles))
        )
    if shown and not _is_name(shown, metadata, title):
        return clean(shown)
    others = [text for text in (*metadata.titles, title) if text and fold(text) != fold(shown)]
    bare = without_site(others[0] if others else shown, metadata.site_name)
    return clean(_whole(bare, (without_site(title, metadata.site_name),)))


def _is_for_search(metadata: Metadata, shown: str, title: str) -> bool:
    """Whether the newsroom's headline is that of the title element, for search engines, and readers see another."""
    named, others = fold(metadata.headline), [fold(text) for text in metadata.titles[1:]]
    return fold(title).startswith(named) and fold(shown) != named and fold(shown) in others


def without_site(title: str, site: str = "") -> str:
    """A title without the name of its paper behind or before it."""
    if site and fold(title) != fold(site):
        for pattern in (
            rf"^{re.escape(site)}(?:{_SEPARATOR.pattern})",
            rf"(?:{_SEPARATOR.pattern}){re.escape(site)}$",
        ):
            bare = re.sub(pattern, "", title, flags=re.IGNORECASE)
            if bare != title and len(bare) >= SHORTEST:
                return bare
    return _SUFFIX.sub("", title)


def _is_name(text: str, metadata: Metadata, title: str) -> bool:
    """Whether a text is the name of the paper: said so, or what stands beside another headline in the title."""
    folded = fold(text)
    if folded == fold(metadata.site_name):
        return True
    pieces = [fold(piece) for piece in _SEPARATOR.split(title)]
    rest = [piece for piece in pieces if piece != folded and len(piece) >= SHORTEST]
    return len(pieces) > 1 and folded in (pieces[0], pieces[-1]) and _is_among(rest, folded, metadata)


def _is_among(pieces: Iterable[str], name: str, metadata: Metadata) -> bool:
    """Whether a piece of the title is another title of the page, one in which the name does not stand."""
    others = [other for other in map(fold, metadata.titles) if name not in other]
    return any(other in piece or piece in other for other, piece in product(others, pieces))


def _without_name(text: str, others: Iterable[str]) -> str:
    """A headline without its last piece, when another title is the same without it."""
    bare = _SUFFIX.sub("", text)
    return bare if bare != text and any(fold(bare) == fold(other) for other in others) else text


def _whole(text: str, others: Iterable[str]) -> str:
    """The title that goes on where this one was cut: at dots, at a quotation mark, at a number of characters."""
    stem = fold(DOTS.sub("", text))
    for other in others:
        rest = fold(other)[len(stem) :] if fold(other).startswith(stem) else ""
        if rest and (DOTS.search(text) or len(text) > LONG or rest.strip()[:1] in '"“„«'):
            return other
    return text
