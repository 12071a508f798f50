"""What a reader of XML gives before it is judged: the fields of feed and entries, by feedparser's names for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aggregator.core.formats.media import Media

Fields = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A document as feedparser gives it, whoever read it."""

    version: str  # "rss20", "atom10" …; "": no version that is known
    feed: Fields
    entries: Sequence[tuple[Fields, Media]]
