"""RSS 2.0 and Atom 1.0 (RFC 4287), through feedgen and an extension of ours.

feedgen would put the current time, its own name and the reverse order into a feed; everything is set here, so that
the same edition gives the same bytes on any machine and at any time.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final

from aggregator.model import Edition, EditionEntry
from aggregator.render import texts
from aggregator.render.texts import without_tags

if TYPE_CHECKING:
    from feedgen.entry import FeedEntry
    from feedgen.feed import FeedGenerator

RSS_NAME: Final = "rss.xml"
ATOM_NAME: Final = "atom.xml"
RSS_TYPE: Final = "application/rss+xml"
ATOM_TYPE: Final = "application/atom+xml"
_ATOM_ENTRY_IDS: Final = "{http://www.w3.org/2005/Atom}entry/{http://www.w3.org/2005/Atom}id"


def rss(edition: Edition) -> bytes:
    """Write an edition as RSS 2.0, in UTF-8."""
    feed = _feed(edition)
    feed.title(without_tags(texts.feed_title(edition)))
    feed.description(without_tags(edition.description or edition.title))
    feed.generator(texts.GENERATOR)
    feed.docs("https://www.rssboard.org/rss-specification")
    feed.link(rel="self", type=RSS_TYPE, href=edition.url + RSS_NAME)
    # The channel's link is the last one given, whatever its rel.
    feed.link(rel="alternate", type="text/html", href=edition.url)
    if "@" in edition.contact:
        feed.managingEditor(f"{texts.clean(edition.contact)} ({without_tags(edition.site_title)})")
    for entry in edition.entries:
        _rss_entry(feed, entry)
    data: bytes = feed.rss_str(pretty=True)
    return _checked(_styled(data, edition), "channel/item/guid", edition)


def atom(edition: Edition) -> bytes:
    """Write an edition as Atom 1.0, in UTF-8."""
    feed = _feed(edition)
    feed.id(texts.edition_id(edition))
    feed.title(texts.feed_title(edition))
    feed.updated(texts.moment(edition.updated or texts.NO_DATE))
    feed.author(name=texts.clean(edition.site_title), uri=edition.site_url)
    feed.generator(texts.GENERATOR)
    if edition.description:
        feed.subtitle(texts.clean(edition.description))
    feed.link(rel="self", type=ATOM_TYPE, href=edition.url + ATOM_NAME)
    if hub := texts.web_url(edition.hub):
        feed.link(rel="hub", href=hub)
    feed.link(rel="alternate", type="text/html", href=edition.url)
    for entry in edition.entries:
        _atom_entry(feed, entry)
    data: bytes = feed.atom_str(pretty=True)
    return _checked(_styled(data, edition), _ATOM_ENTRY_IDS, edition)


def _feed(edition: Edition) -> FeedGenerator:
    from aggregator.render.extension import EntryExtension, FeedExtension

    # isort: split
    from feedgen.feed import FeedGenerator  # after our extension, which loads lxml.etree for it

    feed = FeedGenerator()
    # A new generator holds the time of now; without it nothing is written, and ours is (FeedExtension).
    feed._FeedGenerator__rss_lastBuildDate = None  # noqa: SLF001  # its own setter cannot say None
    feed.register_extension("ours", FeedExtension, EntryExtension)
    feed.ours.edition = edition
    feed.language(texts.clean(edition.language))
    return feed


def _new_entry(feed: FeedGenerator, entry: EditionEntry) -> FeedEntry:
    made = feed.add_entry(order="append")
    made.ours.entry = entry
    return made


def _rss_entry(feed: FeedGenerator, entry: EditionEntry) -> None:
    made = _new_entry(feed, entry)
    made.title(without_tags(texts.title_of(entry)))
    made.guid(entry.story.id, permalink=False)
    made.link(href=texts.link_of(entry) or "", rel="alternate")
    content = texts.clean(entry.content_html)
    # A description is HTML: what is plain is escaped once for that, and once more by XML.
    summary = escape(texts.clean(entry.summary), quote=False)
    made.content(content, type="CDATA")
    made.description(summary or content, isSummary=True)
    for place in entry.places:
        made.category(term=without_tags(place.name), scheme=place.scheme)
    for category in _categories(entry):
        made.category(term=without_tags(category))
    if url := texts.web_url(entry.source.url):
        made.source(url=url, title=without_tags(entry.source.title or entry.source.id))


def _atom_entry(feed: FeedGenerator, entry: EditionEntry) -> None:
    made = _new_entry(feed, entry)
    made.id(entry.story.id)
    made.title(texts.title_of(entry))
    made.published(texts.published_of(entry))
    made.updated(texts.updated_of(entry))
    made.content(texts.clean(entry.content_html), type="html")
    if entry.summary:
        made.summary(texts.clean(entry.summary))
    for name in texts.authors_of(entry):
        made.author(name=name)
    for place in entry.places:
        made.category(term=place.code, label=texts.clean(place.name), scheme=place.scheme)
    for category in _categories(entry):
        made.category(term=category)


def _categories(entry: EditionEntry) -> list[str]:
    """Give the publisher's categories, each once."""
    cleaned = (texts.clean(category).strip() for category in entry.story.article.categories)
    return [category for category in dict.fromkeys(cleaned) if category]


def _styled(data: bytes, edition: Edition) -> bytes:
    """Let browsers show a feed with a style sheet: CSS, since they are giving up XSLT."""
    declaration, end, rest = data.partition(b"?>\n")
    sheet = f'<?xml-stylesheet type="text/css" href="{texts.to_root(edition)}feed.css"?>\n'
    return declaration + end + sheet.encode("ascii") + rest


def _checked(data: bytes, ids: str, edition: Edition) -> bytes:
    """Read back what was written: well-formed, and with the edition's stories in their order; else ValueError."""
    from lxml import etree

    root = etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True))
    written = [element.text for element in root.findall(ids)]
    if written != [entry.story.id for entry in edition.entries]:
        raise ValueError(f"{edition.id}: the feed as written holds other stories than the edition")
    return data
