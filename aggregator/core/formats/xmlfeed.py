"""RSS, Atom and RDF through feedparser, on a document that we have decoded, repaired and pruned."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from aggregator.core.formats import repair, tree
from aggregator.core.formats.markup import absolute_links, from_plain
from aggregator.core.formats.media import Media
from aggregator.core.language import tag
from aggregator.core.text import clean, plain
from aggregator.core.urls import absolute
from aggregator.errors import NotAFeed, ParseError
from aggregator.model import Category, Enclosure, Image, ParsedFeed, RawEntry

Fields = Mapping[str, object]

HTML_TYPES: Final = frozenset({"text/html", "application/xhtml+xml"})
ADDRESS: Final = re.compile(r"[^\s@<>()]{1,64}@[^\s@<>()]{1,255}")
PERIODS: Final = {
    "hourly": timedelta(hours=1),
    "daily": timedelta(days=1),
    "weekly": timedelta(weeks=1),
    "monthly": timedelta(days=30),
    "yearly": timedelta(days=365),
}
LONGEST_TTL: Final = timedelta(days=365)
DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
SKIP_HOURS: Final = re.compile(r"<skipHours>(.{0,4000}?)</skipHours>", re.IGNORECASE | re.DOTALL)
SKIP_DAYS: Final = re.compile(r"<skipDays>(.{0,4000}?)</skipDays>", re.IGNORECASE | re.DOTALL)
HOUR: Final = re.compile(r"<hour>\s*(\d{1,2})\s*</hour>", re.IGNORECASE)
DAY: Final = re.compile(r"<day>\s*([A-Za-z]{6,9})\s*</day>", re.IGNORECASE)
# What feedparser is known to raise on hostile input (measured); anything else is a fault of ours.
GIVES_UP: Final = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)


def parse(text: str, url: str) -> ParsedFeed:
    """Read an XML feed; raises NotAFeed, TruncatedFeed or ParseError."""
    repaired = repair.repair(text)
    pruned = tree.prune(repaired)
    if pruned is None:
        repair.refuse_truncated(repaired)
    version, feed, entries = _feedparser(pruned.data if pruned else repaired.encode("utf-8", "replace"))
    if pruned is None and not (entries or version):
        raise NotAFeed("an XML document that is no feed")
    link = _link(feed, url)
    base = link or url
    authors = _shared_authors(version, feed)
    hours, days = _skipped(repaired)
    return ParsedFeed(
        title=clean(plain(_markup(feed, "title") or "")) or None,
        link=link,
        language=_language(feed.get("language")),
        hub=_related(feed, "hub", url),
        self_link=_related(feed, "self", url),
        ttl=_ttl(feed),
        skip_hours=hours,
        skip_days=days,
        entries=tuple(
            _entry(given, found, base=base, authors=authors) for given, found in _with_media(entries, pruned)
        ),
    )


def _with_media(entries: list[Fields], pruned: tree.Pruned | None) -> list[tuple[Fields, Media]]:
    """Join what feedparser read with what it cannot: Media RSS, and ids exactly as given."""
    if pruned is None or len(pruned.media) != len(entries):
        return [(entry, _flattened(entry)) for entry in entries]
    rows = zip(entries, pruned.ids, pruned.media, strict=True)
    return [({**entry, "id": own or entry.get("id")}, media) for entry, own, media in rows]


def _feedparser(data: bytes) -> tuple[str, Fields, list[Fields]]:
    import feedparser

    try:
        # Always a file object: feedparser opens a text or bytes that look like a path or a URL. No
        # content-location: with one it would turn a guid "17" into an address.
        result = feedparser.parse(
            io.BytesIO(data),
            response_headers={"content-type": "application/xml; charset=utf-8"},
            resolve_relative_uris=False,
            sanitize_html=False,
        )
    except GIVES_UP as error:
        raise ParseError(f"the document cannot be read as a feed ({type(error).__name__})") from error
    # As plain mappings: feedparser's own stand one field in for another, with warnings.
    return (
        str(dict.get(result, "version") or ""),
        dict(result.feed),
        [dict(entry) for entry in result.entries],
    )


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
    original = absolute(_text(given.get("feedburner_origlink")), base)
    if original:
        return original
    links = [link for link in _dicts(given.get("links")) if link.get("rel", "alternate") == "alternate"]
    links.sort(key=lambda link: str(link.get("type", "text/html")) not in HTML_TYPES)
    for each in links:
        found = absolute(_text(each.get("href")), base)
        if found:
            return found
    own = _text(given.get("link"))
    if own == _text(given.get("id")) and not (own or "").lower().startswith(("http://", "https://")):
        return None  # a guid that claims to be a link, and is none
    return absolute(own, base)


def _related(feed: Fields, rel: str, base: str) -> str | None:
    hrefs = (
        absolute(_text(link.get("href")), base)
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
    name = clean(plain(re.sub(r"[<(]\s*[>)]", " ", ADDRESS.sub(" ", text))))
    name = re.sub(r"(?i)^mailto:\s*", "", name)
    return (name[1:-1] if name[:1] == "(" and name[-1:] == ")" else name).strip("<>[],; ")


def _categories(given: Fields) -> tuple[Category, ...]:
    found = (
        Category(term=term, label=_label(each.get("label")), scheme=_text(each.get("scheme")))
        for each in _dicts(given.get("tags"))
        if (term := _label(each.get("term")) or _label(each.get("label")))
    )
    return tuple(dict.fromkeys(found))


def _label(value: object) -> str | None:
    return clean(plain(_text(value) or "")) or None


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


def _flattened(given: Fields) -> Media:
    """Take pictures as feedparser lists them, where the document could not be taken apart."""
    contents = [each for each in _dicts(given.get("media_content")) if _is_picture(each)]
    chosen = contents or _dicts(given.get("media_thumbnail"))[:1]
    credited = [_text(each.get("content")) for each in _dicts(given.get("media_credit"))]
    credit = clean(credited[0] or "") or None if len(credited) == 1 else None
    return Media(images=tuple(Image(url=_text(each.get("url")) or "", credit=credit) for each in chosen))


def _is_picture(content: Fields) -> bool:
    return content.get("medium") == "image" or str(content.get("type", "")).startswith("image/")


def _absolute_file(raw: Enclosure, base: str) -> Enclosure | None:
    found = absolute(raw.url, base)
    # feedparser says text/html of every link that gives no type
    kind = None if raw.type == "text/html" else raw.type
    return Enclosure(url=found, type=kind, length=raw.length) if found else None


def _absolute_image(raw: Image, base: str) -> Image | None:
    found = absolute(raw.url, base)
    return Image(url=found, caption=raw.caption, credit=raw.credit) if found else None


def _unique(files: list[Enclosure]) -> tuple[Enclosure, ...]:
    return tuple({file.url: file for file in reversed(files)}.values())[::-1]


def _entry_language(given: Fields) -> str | None:
    own = _language(given.get("language"))
    details = [given.get("title_detail"), given.get("summary_detail"), *_dicts(given.get("content"))]
    found = (_language(each.get("language")) for each in details if isinstance(each, dict))
    return own or next((language for language in found if language), None)


def _language(value: object) -> str | None:
    return tag(_text(value) or "") or None


def _ttl(feed: Fields) -> timedelta | None:
    """Read RSS ttl (minutes), else sy:updatePeriod over sy:updateFrequency."""
    minutes = _text(feed.get("ttl")) or ""
    if re.fullmatch(r"\d{1,9}", minutes, re.ASCII) and int(minutes):
        return min(timedelta(minutes=int(minutes)), LONGEST_TTL)
    period = PERIODS.get((_text(feed.get("sy_updateperiod")) or "").lower())
    times = _text(feed.get("sy_updatefrequency")) or "1"
    if period is None or not re.fullmatch(r"\d{1,5}", times, re.ASCII) or not int(times):
        return None
    return period / int(times)


def _skipped(text: str) -> tuple[frozenset[int], frozenset[int]]:
    hours, days = SKIP_HOURS.search(text), SKIP_DAYS.search(text)
    listed = {int(hour) % 24 for hour in HOUR.findall(hours.group(1)) if int(hour) <= 24} if hours else set()
    named = {day.lower() for day in DAY.findall(days.group(1))} if days else set()
    return frozenset(listed), frozenset(DAYS.index(day) for day in named if day in DAYS)


def _dicts(value: object) -> list[Fields]:
    return [dict(each) for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _text(value: object) -> str | None:
    return value.strip() or None if isinstance(value, str) else None
