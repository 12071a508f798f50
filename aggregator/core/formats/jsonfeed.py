"""JSON Feed 1.0 and 1.1 (jsonfeed.org), read with bounds and without trust in any type."""

from __future__ import annotations

import html
import json
from typing import Final

from aggregator.core.formats.limits import ENTRIES
from aggregator.core.formats.markup import absolute_links, from_plain
from aggregator.core.language import tag
from aggregator.core.text import clean, legal
from aggregator.core.urls import absolute
from aggregator.errors import NotAFeed, ParseError
from aggregator.model import Category, Enclosure, Image, Link, ParsedFeed, RawEntry

VERSION: Final = "https://jsonfeed.org/version/"
DIGITS_MOST: Final = 30
MAIN: Final = "items"  # the name in JSON Feed

Object = dict[str, object]


def parse(text: str, url: str) -> ParsedFeed:
    """Read a JSON Feed; raises NotAFeed for other JSON, ParseError for what is no JSON."""
    document = _load(text)
    if not isinstance(document, dict) or not _is_feed(document):
        raise NotAFeed("a JSON document, not a JSON Feed")
    base = absolute(_text(document.get("home_page_url")), url) or url
    authors = _authors(document)
    return ParsedFeed(
        title=clean(_text(document.get("title")) or "") or None,
        link=absolute(_text(document.get("home_page_url")), url),
        icon=absolute(_text(document.get("favicon")), url) or absolute(_text(document.get("icon")), url),
        language=_language(document),
        hub=_hub(document, url),
        self_link=absolute(_text(document.get("feed_url")), url),
        entries=tuple(_entry(given, base, authors) for given in _objects(document.get(MAIN))[:ENTRIES]),
    )


def _load(text: str) -> object:
    try:
        return json.loads(text.strip("\ufeff \t\r\n\0"), parse_int=_integer, parse_constant=_nothing)
    except RecursionError:
        raise ParseError("the JSON document nests too deep") from None
    except ValueError as error:
        raise ParseError(f"the document is no valid JSON: {clean(str(error))[:120]}") from None


def _is_feed(document: Object) -> bool:
    version = document.get("version")
    return isinstance(document.get(MAIN), list) and (
        (isinstance(version, str) and VERSION in version.replace("http:", "https:"))
        or "home_page_url" in document
    )


def _entry(given: Object, base: str, authors: tuple[str, ...]) -> RawEntry:
    own = absolute(_text(given.get("url")), base)
    external = absolute(_text(given.get("external_url")), base)
    near = own or base
    title = _text(given.get("title"))
    return RawEntry(
        id=_text(given.get("id")),
        link=own or external or _permalink(given),
        title=html.escape(title, quote=False) if title else title,
        authors=_authors(given) or authors,
        published=_text(given.get("date_published")),
        updated=_text(given.get("date_modified")),
        summary=from_plain(_text(given.get("summary"))),
        content=absolute_links(_text(given.get("content_html")), near)
        or from_plain(_text(given.get("content_text"))),
        categories=tuple(Category(term=term) for term in _texts(given.get("tags"))),
        enclosures=_enclosures(given, near),
        images=_images(given, near),
        language=_language(given),
        links=(Link(rel="related", url=external),) if own and external else (),
    )


def _permalink(given: Object) -> str | None:
    """Read the id as the link where it is an address and there is no other (JSON Feed 1.1: ids often are)."""
    found = _text(given.get("id")) or ""
    return absolute(found, "") if found.lower().startswith(("http://", "https://")) else None


def _authors(given: Object) -> tuple[str, ...]:
    listed = _objects(given.get("authors")) or _objects([given.get("author")])
    names = (clean(_text(author.get("name")) or "") for author in listed)
    return tuple(dict.fromkeys(name for name in names if name))


def _language(given: Object) -> str | None:
    return tag(_text(given.get("language")) or "") or None


def _images(given: Object, base: str) -> tuple[Image, ...]:
    found = dict.fromkeys(absolute(_text(given.get(key)), base) for key in ("image", "banner_image"))
    return tuple(Image(url=url) for url in found if url)


def _enclosures(given: Object, base: str) -> tuple[Enclosure, ...]:
    found = (_enclosure(raw, base) for raw in _objects(given.get("attachments")))
    return tuple(file for file in found if file)


def _enclosure(given: Object, base: str) -> Enclosure | None:
    found = absolute(_text(given.get("url")), base)
    size = given.get("size_in_bytes")
    if found is None:
        return None
    length = size if isinstance(size, int) and not isinstance(size, bool) and 0 < size < 2**63 else None
    return Enclosure(url=found, type=_text(given.get("mime_type")), length=length)


def _hub(document: Object, url: str) -> str | None:
    hubs = _objects(document.get("hubs"))
    return next((found for hub in hubs if (found := absolute(_text(hub.get("url")), url))), None)


def _objects(value: object) -> list[Object]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _texts(value: object) -> list[str]:
    given = value if isinstance(value, list) else []
    return [text for each in given if (text := clean(_text(each) or ""))]


def _text(value: object) -> str | None:
    """Give a text, or a number as text (ids are often numbers); blanks and anything else are None."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return legal(str(value)).strip() or None


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= DIGITS_MOST else float("inf") if len(digits) > 308 else float(digits)


def _nothing(_name: str) -> None:
    """Read NaN and Infinity, which are no JSON, as null."""
