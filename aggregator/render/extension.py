"""What feedgen 1.0 cannot write, or writes wrongly, as an extension of it.

feedgen writes every `<link>` of an Atom entry without rel, type and length (it reuses its loop variable), so that
readers open the photo in place of the article; its dates go through `setlocale`; and it knows neither
`atom:source` as RFC 4287 wants it nor Media RSS without a group, GeoRSS, or Dublin Core beside its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from email.utils import format_datetime
from typing import Final

from lxml import etree  # before feedgen, which takes it for granted

# isort: split
from feedgen.ext.base import BaseEntryExtension, BaseExtension

from aggregator.model import Edition, EditionEntry, Enclosure
from aggregator.render import texts

MEDIA: Final = "http://search.yahoo.com/mrss/"
GEORSS: Final = "http://www.georss.org/georss"
DC: Final = "http://purl.org/dc/elements/1.1/"
ATOM: Final = "http://www.w3.org/2005/Atom"
XML_LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"

Plain = Callable[[str], str]


def add(
    parent: etree._Element, name: str, text: str | None = None, /, **attributes: str | None
) -> etree._Element:
    """Add an element; attributes without a value are left out."""
    element = etree.SubElement(parent, name)
    for key, value in attributes.items():
        if value is not None:
            element.set(key, texts.clean(value))
    if text is not None:
        element.text = texts.clean(text)
    return element


@dataclass(slots=True)
class FeedExtension(BaseExtension):  # type: ignore[misc]  # feedgen is not typed
    """The head of a feed: dates, the links that RSS lacks, namespaces with the usual prefixes."""

    edition: Edition | None = None

    def extend_ns(self) -> dict[str, str]:
        """Name the namespaces once, at the root, so that no entry repeats them."""
        return {"dc": DC, "georss": GEORSS, "media": MEDIA}

    def extend_rss(self, feed: etree._Element) -> etree._Element:
        """Add the date and the hub to `<channel>`."""
        edition, channel = self.edition, feed[0]
        if edition is None:
            return feed
        if edition.updated is not None:
            add(channel, "lastBuildDate", format_datetime(texts.moment(edition.updated)))
        if hub := texts.web_url(edition.hub):
            add(channel, f"{{{ATOM}}}link", rel="hub", href=hub)
        return feed


class EntryExtension(BaseEntryExtension):  # type: ignore[misc]  # feedgen is not typed
    """One entry: links, its feed of origin, image, place and language."""

    entry: EditionEntry

    def extend_atom(self, element: etree._Element) -> etree._Element:
        """Write the links again and whole, and what else RFC 4287 has that feedgen does not."""
        entry = self.entry
        for link in element.findall("link"):
            element.remove(link)
        if language := entry.story.article.language:
            element.set(XML_LANG, texts.clean(language))
        # The bare tag, as feedgen's own: with a namespace it would be written `ns0:link`, which sfeed does not know.
        if article := texts.link_of(entry):
            add(element, "link", rel="alternate", type="text/html", href=article)
        for enclosure in texts.enclosures_of(entry):
            length = None if enclosure.length is None else str(max(0, enclosure.length))
            add(element, "link", rel="enclosure", type=enclosure.type, length=length, href=enclosure.url)
        for title, url in texts.related_of(entry):
            add(element, "link", rel="related", type="text/html", title=title, href=url)
        self._add_source(element)
        _add_media(element, entry, texts.clean)
        _add_place(element, entry, texts.clean)
        return element

    def extend_rss(self, element: etree._Element) -> etree._Element:
        """Add to an item what other modules of RSS have for it."""
        entry = self.entry
        add(element, "pubDate", format_datetime(texts.published_of(entry)))
        for name in texts.authors_of(entry):
            add(element, f"{{{DC}}}creator", texts.without_tags(name))
        if language := entry.story.article.language:
            add(element, f"{{{DC}}}language", language)
        for title, url in texts.related_of(entry):
            add(element, f"{{{ATOM}}}link", rel="related", title=title, href=url)
        # An item has one enclosure (RSS profile); what else there is goes with it as Media RSS.
        for position, file in enumerate(texts.enclosures_of(entry)):
            if position == 0:
                add(element, "enclosure", url=file.url, length=_length(file), type=file.type)
            else:
                size = None if file.length is None else _length(file)
                add(element, f"{{{MEDIA}}}content", url=file.url, type=file.type, fileSize=size)
        _add_media(element, entry, texts.without_tags)
        _add_place(element, entry, texts.without_tags)
        return element

    def _add_source(self, element: etree._Element) -> None:
        """Cite the lead's feed (RFC 4287, 4.2.11); `updated` is the story's: the feed's own would change daily."""
        feed = self.entry.source
        source = add(element, "source")
        add(source, "id", texts.web_url(feed.url) or texts.feed_id(feed))
        add(source, "title", feed.title or feed.id)
        add(source, "updated", texts.updated_of(self.entry).isoformat())
        if url := texts.web_url(feed.url):
            add(source, "link", rel="self", href=url)
        if page := texts.web_url(feed.link):
            add(source, "link", rel="alternate", type="text/html", href=page)


def _length(enclosure: Enclosure) -> str:
    return str(max(0, enclosure.length or 0))  # RSS 2.0 asks for one; 0 says that it is not known


def _add_media(element: etree._Element, entry: EditionEntry, plain: Plain) -> None:
    """Show the lead image once: here only where neither the content nor an enclosure has it already."""
    image = texts.image_of(entry)
    if image is None:
        return
    caption, parent = plain(texts.caption_of(image)), element
    if any(enclosure.url == image.url for enclosure in texts.enclosures_of(entry)):
        pass
    elif texts.shows(entry.content_html, image.url):
        return  # its caption stands with it
    else:
        kind = texts.type_of(image.url)
        known = kind if kind.startswith("image/") else None
        parent = add(element, f"{{{MEDIA}}}content", url=image.url, medium="image", type=known)
    if caption:
        add(parent, f"{{{MEDIA}}}description", caption, type="plain")


def _add_place(element: etree._Element, entry: EditionEntry, plain: Plain) -> None:
    """Say where it is (GeoRSS Simple), of the first place alone: an entry has one."""
    for place in entry.places[:1]:
        if place.point is not None:
            latitude, longitude = place.point
            add(element, f"{{{GEORSS}}}point", f"{latitude:.4f} {longitude:.4f}")
        add(element, f"{{{GEORSS}}}featureName", plain(place.name))
