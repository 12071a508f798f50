"""What a reader of XML gives before it is judged: drafts of the feed and of its entries, whoever read them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from aggregator.core.formats.extras import Extras


class Body(NamedTuple):
    """A text with what it is: a title, a summary, a content."""

    kind: str  # media type: text/plain, text/html, application/xhtml+xml …
    language: str | None  # xml:lang, as given
    base: str  # xml:base, absolute; "": none
    value: str


class Draft:
    """What has been read of a feed or of one entry: the texts of its elements, as given.

    No dataclass: most entries have few of these, and a class that sets every field costs as much as reading them.
    """

    is_entry: bool = False
    id: str | None = None
    about: str | None = None  # rdf:about of an entry of RSS 1.0: its address (RSS 1.0, 5.5)
    link: str | None = None  # the page, where it is said in one place; `links` have it too
    title: Body | None = None
    has_title: bool = False
    summary: Body | None = None
    has_summary: bool = False
    published: str | None = None
    updated: str | None = None
    created: str | None = None
    author: str | None = None  # the last one, with an address where there is one
    language: str | None = None
    feedburner_origlink: str | None = None
    pheedo_origlink: str | None = None
    ttl: str | None = None
    sy_updateperiod: str | None = None
    sy_updatefrequency: str | None = None
    icon: str | None = None  # of a feed; only where there is no tree: likewise the next
    rights: str | None = None

    def __init__(self, *, is_entry: bool = False) -> None:
        if is_entry:
            self.is_entry = True
        self.links: list[dict[str, str]] = []
        self.tags: list[tuple[str | None, str | None, str | None]] = []  # term, scheme, label
        self.authors: list[str | None] = []  # names; None: one that has none
        self.contents: list[Body] = []


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A document as feedparser understands it, whoever read it."""

    version: str  # "rss20", "atom10" …; "": no version that is known
    feed: Draft
    entries: Sequence[tuple[Draft, Extras]]
