"""RSS, Atom and RDF: read straight from the tree or by feedparser, and judged in one way whoever read them."""

from __future__ import annotations

import html
import re
from functools import lru_cache
from typing import Final

from lxml import etree

from aggregator.core.formats import direct, fallback, pace, repair, tree
from aggregator.core.formats.markup import absolute_links, from_plain
from aggregator.core.formats.media import Media
from aggregator.core.formats.reading import Fields, Reading
from aggregator.core.language import tag
from aggregator.core.text import clean, plain
from aggregator.core.urls import absolute
from aggregator.errors import NotAFeed
from aggregator.model import Category, Enclosure, Image, ParsedFeed, RawEntry

HTML_TYPES: Final = frozenset({"text/html", "application/xhtml+xml"})
BRACKETS: Final = re.compile(r"[<(]\s*[>)]")
MAILTO: Final = re.compile(r"(?i)^mailto:\s*")
ADDRESS: Final = re.compile(r"[^\s@<>()]{1,64}@[^\s@<>()]{1,255}")


def parse(text: str, url: str) -> ParsedFeed:
    """Read an XML feed; raises NotAFeed, TruncatedFeed or ParseError."""
    root, repaired = grown(text)
    skipped = pace.skipped(root, repaired)
    return judged(_read(root, repaired), url, skipped)


def grown(text: str) -> tuple[etree._Element | None, str]:
    """Give the document as a tree, if it can be one, and as the text that it was read from."""
    given = text.strip(repair.BLANKS)
    root = tree.grow(given) if repair.is_tidy(given) else None
    if root is not None:
        return root, given
    repaired = repair.repair(text)
    return tree.grow(repaired), repaired


def judged(given: Reading, url: str, skipped: tuple[frozenset[int], frozenset[int]]) -> ParsedFeed:
    """Make a feed of what was read of it, whoever read it; `skipped` are its hours and days."""
    feed = given.feed
    link = _link(feed, url)
    base = link or url
    authors = _shared_authors(given.version, feed)
    return ParsedFeed(
        title=_line(_markup(feed, "title") or "") or None,
        link=link,
        language=_language(feed.get("language")),
        hub=_related(feed, "hub", url),
        self_link=_related(feed, "self", url),
        ttl=pace.ttl(feed),
        skip_hours=skipped[0],
        skip_days=skipped[1],
        entries=tuple(_entry(entry, media, base=base, authors=authors) for entry, media in given.entries),
    )


def _read(root: etree._Element | None, repaired: str) -> Reading:
    if root is not None:
        return direct.read(root) or fallback.read_tree(root)
    repair.refuse_truncated(repaired)
    given = fallback.read_text(repaired)
    if not (given.entries or given.version):
        raise NotAFeed("an XML document that is no feed")
    return given


def _entry(given: Fields, media: Media, *, base: str, authors: tuple[str, ...]) -> RawEntry:
    enclosures = _enclosures(given, base)
    files = [file for raw in media.enclosures if (file := _absolute_file(raw, base))]
    summary, content = _bodies(given, base)
    return RawEntry(
        id=_text(given.get("id")),
        link=_link(given, base),
        title=_markup(given, "title"),
        authors=_authors(given) or authors,
        published=_text(given.get("published")) or _text(given.get("created")),
        updated=_text(given.get("updated")),
        summary=summary,
        content=content,
        categories=_categories(given),
        enclosures=_unique([*enclosures, *files]),
        images=_images(media, enclosures, base),
        language=_entry_language(given),
    )


def _images(media: Media, enclosures: list[Enclosure], base: str) -> tuple[Image, ...]:
    """Give the pictures of Media RSS; where it has none, the enclosures that are pictures."""
    found = tuple(image for raw in media.images if (image := _absolute_image(raw, base)))
    return found or tuple(
        Image(url=file.url) for file in enclosures if (file.type or "").startswith("image/")
    )


def _link(given: Fields, base: str) -> str | None:
    """Choose the page: feedburner's original link, an alternate that is HTML, any alternate, then the guid."""
    original = _resolved(_text(given.get("feedburner_origlink")), base)
    if original:
        return original
    links = [link for link in _dicts(given.get("links")) if link.get("rel", "alternate") == "alternate"]
    links.sort(key=lambda link: str(link.get("type", "text/html")) not in HTML_TYPES)
    for each in links:
        found = _resolved(_text(each.get("href")), base)
        if found:
            return found
    own = _text(given.get("link"))
    if own == _text(given.get("id")) and not (own or "").lower().startswith(("http://", "https://")):
        return None  # a guid that claims to be a link, and is none
    return _resolved(own, base)


def _related(feed: Fields, rel: str, base: str) -> str | None:
    hrefs = (
        _resolved(_text(link.get("href")), base)
        for link in _dicts(feed.get("links"))
        if link.get("rel") == rel
    )
    return next((href for href in hrefs if href), None)


def _markup(given: Fields, name: str) -> str | None:
    """Read a title as HTML: what its type says is plain text is escaped."""
    value = _text(given.get(name))
    detail = given.get(f"{name}_detail")
    kind = str(detail.get("type", "text/html")) if isinstance(detail, dict) else "text/plain"
    return html.escape(value, quote=False) if value and kind not in HTML_TYPES else value


def _bodies(given: Fields, base: str) -> tuple[str | None, str | None]:
    """Read summary and content as HTML; feedparser repeats the content as summary where there is none."""
    detail = given.get("summary_detail")
    summary = _body(detail, base) if isinstance(detail, dict) else None
    if summary is None and not given.get("content"):
        summary = _text(given.get("summary"))
    bodies = [body for each in _dicts(given.get("content")) if (body := _body(each, base))]
    content = max(bodies, key=len, default=None)
    return summary, content if content != summary else None


def _body(detail: Fields, base: str) -> str | None:
    value = _text(detail.get("value"))
    if str(detail.get("type", "text/html")) not in HTML_TYPES:
        return from_plain(value)
    return absolute_links(value, absolute(_text(detail.get("base")), base) or base)


def _authors(given: Fields) -> tuple[str, ...]:
    """Name the authors; addresses are dropped, and an author who is nothing but one is none."""
    listed = [_text(each.get("name")) for each in _dicts(given.get("authors"))]
    if len(listed) <= 1:
        # feedparser cuts names while it looks for an address; this is the text as given
        listed = [_text(given.get("author"))]
    names = (_author(name) for name in listed if name)
    return tuple(dict.fromkeys(name for name in names if name))


def _shared_authors(version: str, feed: Fields) -> tuple[str, ...]:
    """Give the authors that an entry without one has from its feed: in Atom (RFC 4287, 4.2.1), not in RSS."""
    return _authors(feed) if version.startswith("atom") else ()


def _author(text: str) -> str:
    """Read the name in "redaksi@kabar.example (Budi)", "Budi <redaksi@kabar.example>" or "Budi"."""
    if "@" in text or "<" in text or "(" in text:
        text = BRACKETS.sub(" ", ADDRESS.sub(" ", text))
    name = MAILTO.sub("", _line(text))
    return (name[1:-1] if name[:1] == "(" and name[-1:] == ")" else name).strip("<>[],; ")


def _categories(given: Fields) -> tuple[Category, ...]:
    found = (
        Category(term=term, label=_label(each.get("label")), scheme=_text(each.get("scheme")))
        for each in _dicts(given.get("tags"))
        if (term := _label(each.get("term")) or _label(each.get("label")))
    )
    return tuple(dict.fromkeys(found))


def _label(value: object) -> str | None:
    return _line(_text(value) or "") or None


def _line(markup: str) -> str:
    """Read HTML as one line of plain text."""
    if markup.isprintable() and "<" not in markup and "&" not in markup:
        return " ".join(markup.split())  # what all that follows comes to, for most
    return clean(plain(markup))


def _enclosures(given: Fields, base: str) -> list[Enclosure]:
    found = []
    for each in _dicts(given.get("links")):
        if each.get("rel") != "enclosure":
            continue
        size = _text(each.get("length")) or ""
        length = int(size) if size.isascii() and size.isdigit() and len(size) < 19 else None
        file = _absolute_file(
            Enclosure(url=_text(each.get("href")) or "", type=_text(each.get("type")), length=length), base
        )
        found += [file] if file else []
    return found


def _resolved(link: str | None, base: str) -> str | None:
    """Make a link absolute; one that is needs no base, and reading the base costs as much as reading the link."""
    return absolute(link, "" if link and link.startswith(("http://", "https://")) else base)


def _absolute_file(raw: Enclosure, base: str) -> Enclosure | None:
    found = _resolved(raw.url, base)
    # feedparser says text/html of every link that gives no type
    kind = None if raw.type == "text/html" else raw.type
    return Enclosure(url=found, type=kind, length=raw.length) if found else None


def _absolute_image(raw: Image, base: str) -> Image | None:
    found = _resolved(raw.url, base)
    return Image(url=found, caption=raw.caption, credit=raw.credit) if found else None


def _unique(files: list[Enclosure]) -> tuple[Enclosure, ...]:
    return tuple({file.url: file for file in reversed(files)}.values())[::-1]


def _entry_language(given: Fields) -> str | None:
    own = _language(given.get("language"))
    details = [given.get("title_detail"), given.get("summary_detail"), *_dicts(given.get("content"))]
    found = (_language(each.get("language")) for each in details if isinstance(each, dict))
    return own or next((language for language in found if language), None)


def _language(value: object) -> str | None:
    return _tag(value) if isinstance(value, str) else None


@lru_cache(maxsize=256)
def _tag(name: str) -> str | None:
    return tag(name) or None


def _dicts(value: object) -> list[Fields]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _text(value: object) -> str | None:
    return value.strip() or None if isinstance(value, str) else None
