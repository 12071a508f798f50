"""How much of a field is taken: what is longer is cut, and a link that is longer makes its entry unusable.

No publisher comes near these; they keep one hostile document from filling the store and every outgoing feed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from aggregator.model import Category, Image, ParsedFeed, RawEntry

TITLE: Final = 1024  # characters
NAME: Final = 256  # characters of an author, a category, a credit
CAPTION: Final = 2048  # characters
SUMMARY: Final = 64 * 2**10  # characters of HTML
CONTENT: Final = 2**18  # characters of HTML
URL: Final = 8 * 2**10  # characters
DATE: Final = 256  # characters
AUTHORS: Final = 20
CATEGORIES: Final = 100
ENCLOSURES: Final = 20
IMAGES: Final = 20


def bounded(feed: ParsedFeed) -> ParsedFeed:
    """Give the feed with every field within its limit."""
    return replace(feed, title=_cut(feed.title, TITLE), entries=tuple(map(_entry, feed.entries)))


def _entry(entry: RawEntry) -> RawEntry:
    return entry if _is_modest(entry) else _cut_down(entry)


def _is_modest(entry: RawEntry) -> bool:
    """Whether nothing has to be cut, as it is with nearly all entries."""
    sizes = (
        (entry.title, 4 * TITLE),
        (entry.published, DATE),
        (entry.updated, DATE),
        (entry.summary, SUMMARY),
        (entry.content, CONTENT),
        (entry.language, NAME),
        (entry.authors, AUTHORS),
        (entry.categories, CATEGORIES),
        (entry.enclosures, ENCLOSURES),
        (entry.images, IMAGES),
    )
    return all(given is None or len(given) <= most for given, most in sizes) and _has_modest_parts(entry)


def _has_modest_parts(entry: RawEntry) -> bool:
    texts = [*entry.authors, *(file.url for file in entry.enclosures)]
    for category in entry.categories:
        texts += (category.term, category.label or "", category.scheme or "")
    for image in entry.images:
        texts += (image.url, image.caption or "", image.credit or "")
    return max(map(len, texts), default=0) <= NAME


def _cut_down(entry: RawEntry) -> RawEntry:
    return replace(
        entry,
        title=_cut(entry.title, 4 * TITLE),  # with its markup; the plain title is cut to TITLE
        authors=tuple(author[:NAME] for author in entry.authors[:AUTHORS]),
        published=_cut(entry.published, DATE),
        updated=_cut(entry.updated, DATE),
        summary=_cut(entry.summary, SUMMARY),
        content=_cut(entry.content, CONTENT),
        categories=tuple(_category(category) for category in entry.categories[:CATEGORIES]),
        enclosures=tuple(file for file in entry.enclosures if len(file.url) <= URL)[:ENCLOSURES],
        images=tuple(_image(image) for image in entry.images if len(image.url) <= URL)[:IMAGES],
        language=_cut(entry.language, NAME),
    )


def _category(category: Category) -> Category:
    return Category(
        term=category.term[:NAME], label=_cut(category.label, NAME), scheme=_cut(category.scheme, URL)
    )


def _image(image: Image) -> Image:
    return Image(url=image.url, caption=_cut(image.caption, CAPTION), credit=_cut(image.credit, NAME))


def _cut(text: str | None, limit: int) -> str | None:
    return text[:limit] if text is not None else None
