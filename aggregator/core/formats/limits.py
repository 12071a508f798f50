"""How much of a field is taken: what is longer is cut, and a link that is longer makes its entry unusable.

No publisher comes near these; they keep one hostile document from filling the store and every outgoing feed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from aggregator.model import Category, Enclosure, Image, Link, ParsedFeed, RawEntry, Source

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
LINKS: Final = 20
ENTRIES: Final = 3_000  # of a document, the first; the largest of 590 real feeds has 1,000
ENTRIES_UNTIDY: Final = 1_000  # where it is not well-formed, and feedparser has to read it: 2 ms each
TAGS_UNTIDY: Final = 100_000  # and it looks at every "<" of that for itself


def bounded(feed: ParsedFeed) -> ParsedFeed:
    """Give the feed with every field within its limit."""
    return replace(
        feed,
        title=_cut(feed.title, TITLE),
        icon=_address(feed.icon),
        rights=_cut(feed.rights, CAPTION),
        license=_address(feed.license),
        entries=tuple([each if _is_modest(each) else _cut_down(each) for each in feed.entries]),
    )


def _is_modest(entry: RawEntry) -> bool:
    """Whether nothing has to be cut, as it is with nearly all entries."""
    texts = len(entry.title or "") <= NAME and len(entry.summary or "") <= SUMMARY
    dates = len(entry.published or "") + len(entry.updated or "") <= DATE
    return texts and dates and len(entry.content or "") <= CONTENT and _has_modest_parts(entry)


def _has_modest_parts(entry: RawEntry) -> bool:
    lists = (entry.categories, entry.enclosures, entry.images, entry.authors, entry.links)
    if max(map(len, lists)) > AUTHORS or entry.source is not None:
        return False
    return max([len(text) for text in _parts(entry) if text], default=0) <= NAME


def _parts(entry: RawEntry) -> list[str | None]:
    texts = [entry.language, entry.rights, entry.license, *entry.authors]
    for category in entry.categories:
        texts += (category.term, category.label, category.scheme)
    return texts + _parts_of_files(entry) if entry.enclosures or entry.images or entry.links else texts


def _parts_of_files(entry: RawEntry) -> list[str | None]:
    texts = [text for file in entry.enclosures for text in (file.url, file.type)]
    texts += [text for image in entry.images for text in (image.url, image.caption, image.credit)]
    texts += [text for link in entry.links for text in (link.url, link.title, link.type, link.rel)]
    return texts


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
        enclosures=tuple(_file(file) for file in entry.enclosures if len(file.url) <= URL)[:ENCLOSURES],
        images=tuple(_image(image) for image in entry.images if len(image.url) <= URL)[:IMAGES],
        language=_cut(entry.language, NAME),
        links=tuple(_link(link) for link in entry.links if len(link.url) <= URL)[:LINKS],
        source=_source(entry.source) if entry.source else None,
        rights=_cut(entry.rights, CAPTION),
        license=_address(entry.license),
    )


def _category(category: Category) -> Category:
    return Category(
        term=category.term[:NAME], label=_cut(category.label, NAME), scheme=_cut(category.scheme, URL)
    )


def _file(file: Enclosure) -> Enclosure:
    return replace(file, type=_cut(file.type, NAME))


def _link(link: Link) -> Link:
    return replace(
        link,
        rel=link.rel[:NAME],
        type=_cut(link.type, NAME),
        title=_cut(link.title, TITLE),
        language=_cut(link.language, NAME),
    )


def _source(source: Source) -> Source:
    return Source(
        title=_cut(source.title, TITLE),
        url=_address(source.url),
        feed=_address(source.feed),
        id=_cut(source.id, URL),
    )


def _address(url: str | None) -> str | None:
    """Give an address, or nothing for one that nobody follows: half of it would be another."""
    return url if url and len(url) <= URL else None


def _image(image: Image) -> Image:
    return Image(url=image.url, caption=_cut(image.caption, CAPTION), credit=_cut(image.credit, NAME))


def _cut(text: str | None, limit: int) -> str | None:
    return text[:limit] if text is not None else None
