"""The document as a tree: what is no entry of the feed is taken out, and Media RSS is read before feedparser.

feedparser takes any element named like an entry for one, wherever it stands, and flattens Media RSS so that a
caption becomes the text of the story. Both are cured here for every document that is well-formed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from lxml import etree

from aggregator.core.formats.limits import CATEGORIES, IMAGES
from aggregator.core.text import clean, plain
from aggregator.errors import NotAFeed, ParseError
from aggregator.model import Enclosure, Image

ENTRIES: Final = frozenset({"item", "entry"})
PARENTS: Final = frozenset({"rss", "rdf", "feed", "channel", "items"})
ROOTS: Final = frozenset({"rss", "rdf", "feed", "channel"})
# In lower case, without a final slash or number sign: feeds write them in many ways.
FEED_NAMESPACES: Final = frozenset(
    {
        "",
        "http://purl.org/rss/1.0",
        "http://my.netscape.com/rdf/simple/0.9",
        "http://channel.netscape.com/rdf/simple/0.9",
        "http://www.w3.org/2005/atom",
        "http://purl.org/atom/ns",
        "http://backend.userland.com/rss2",
        "http://backend.userland.com/rss",
        "http://blogs.law.harvard.edu/tech/rss",
    }
)
MEDIA: Final = frozenset({"http://search.yahoo.com/mrss/", "http://search.yahoo.com/mrss"})
LABELS: Final = frozenset({"category", "keywords"})  # of Media RSS: these feedparser reads well
# Second summaries: feedparser would take the later one for the content.
SECOND: Final = frozenset(
    {
        ("http://www.itunes.com/dtds/podcast-1.0.dtd", "summary"),
        ("http://www.itunes.com/dtds/podcast-1.0.dtd", "subtitle"),
        ("http://purl.org/dc/elements/1.1/", "description"),
    }
)
FIRST: Final = frozenset({"description", "summary", "content", "encoded"})
# Inside a feed these have titles and links of their own, which feedparser may take for the feed's.
BESIDE: Final = frozenset({"image", "textinput"})
PICTURES: Final = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".avif")
DEEPEST: Final = 250  # libxml2's own limit is 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """What Media RSS says of one entry; addresses as given, not yet absolute."""

    images: tuple[Image, ...] = ()
    enclosures: tuple[Enclosure, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """A well-formed document without what must not be read as part of the feed."""

    data: bytes  # UTF-8
    root: str  # local name in lower case
    media: tuple[Media, ...]  # one an entry, in the order of the document
    ids: tuple[str | None, ...]  # likewise; None: neither guid nor id


def prune(text: str) -> Pruned | None:
    """Take a repaired document apart; None when it is not well-formed.

    Raises NotAFeed for another kind of document, ParseError where it nests deeper than people write.
    """
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(text.encode("utf-8", "replace"), parser)
    except etree.XMLSyntaxError as error:
        if "depth" in str(error).lower():
            raise ParseError(f"the document nests deeper than {DEEPEST} elements") from None
        return None
    name = _name(root)[1].lower()
    if name not in ROOTS:
        raise NotAFeed(f'an XML document that begins with "{clean(name)[:40]}", not a feed')
    entries = list(_entries(root))
    _drop_strangers(root, entries)
    media = tuple(_media(entry) for entry in entries)
    for entry in entries:
        _drop_seconds(entry)
    ids = tuple(_id(entry) for entry in entries)
    return Pruned(data=etree.tostring(root, encoding="utf-8"), root=name, media=media, ids=ids)


def _name(element: etree._Element) -> tuple[str, str]:
    namespace, _, local = str(element.tag).rpartition("}")
    return namespace.removeprefix("{"), local


def _entries(root: etree._Element) -> Iterator[etree._Element]:
    """Go through the elements that are entries of this feed, in the order of the document."""
    own = _name(root)[0]
    for element in root.iter():
        namespace, local = _name(element)
        if local.lower() not in ENTRIES or not (namespace == own or _plain(namespace) in FEED_NAMESPACES):
            continue
        above = {_name(parent)[1].lower() for parent in element.iterancestors()}
        if above <= PARENTS:
            yield element


def _plain(namespace: str) -> str:
    return namespace.lower().rstrip("/#")


def _drop_strangers(root: etree._Element, entries: list[etree._Element]) -> None:
    """Take out what is named like an entry and is none, and what stands beside the feed's own fields."""
    known = set(entries)
    strangers = [e for e in root.iter() if _name(e)[1].lower() in ENTRIES and e not in known and e is not root]
    feeds = [parent for parent in (root, *root) if parent not in known]
    beside = [e for parent in feeds for e in parent if _name(e)[1].lower() in BESIDE]
    for element in (*strangers, *(e for e in beside if _plain(_name(e)[0]) in FEED_NAMESPACES)):
        _remove(element)


def _id(entry: etree._Element) -> str | None:
    """Read guid or id exactly as given: feedparser makes some of them absolute."""
    for child in entry:
        namespace, local = _name(child)
        if local.lower() in {"guid", "id"} and _plain(namespace) in FEED_NAMESPACES:
            return (child.text or "").strip() or None
    return None


def _drop_seconds(entry: etree._Element) -> None:
    """Take out second summaries, Media RSS, and what stands there more often than anything we keep."""
    counts: Counter[tuple[str, str]] = Counter()
    has_first = any(_name(child)[1].lower() in FIRST and _lower(child) not in SECOND for child in entry)
    for child in list(entry):
        name = _lower(child)
        counts[name] += 1
        is_second = has_first and name in SECOND
        is_media = name[0] in MEDIA and name[1] not in LABELS
        if is_second or is_media or counts[name] > CATEGORIES:
            _remove(child)


def _lower(element: etree._Element) -> tuple[str, str]:
    namespace, local = _name(element)
    return namespace.lower(), local.lower()


def _remove(element: etree._Element) -> None:
    parent = element.getparent()
    if parent is None:
        return
    before = element.getprevious()
    if element.tail and before is not None:
        before.tail = (before.tail or "") + element.tail
    elif element.tail:
        parent.text = (parent.text or "") + element.tail
    parent.remove(element)


def _media(entry: etree._Element) -> Media:
    """Read the pictures and files of an entry; a group is one picture in several sizes: the largest counts."""
    images: list[Image] = []
    files: list[Enclosure] = []
    thumbnails: list[Image] = []
    for child in entry:
        namespace, local = _name(child)
        if namespace not in MEDIA:
            continue
        if local == "thumbnail":
            thumbnails.append(_image(child, entry))
        elif local == "group":
            pictures = [content for content in _all(child, "content") if _is_picture(content)]
            images += [_image(content, entry) for content in sorted(pictures, key=_width)[-1:]]
            files += [_file(content) for content in _all(child, "content") if not _is_picture(content)]
            thumbnails += [_image(found, entry) for found in _all(child, "thumbnail")[:1]]
        elif local == "content" and _is_picture(child):
            images.append(_image(child, entry))
        elif local == "content":
            files.append(_file(child))
            thumbnails += [_image(found, entry) for found in _all(child, "thumbnail")[:1]]
    shown = images or thumbnails[:1]
    unique = {image.url: image for image in reversed(shown) if image.url}
    return Media(
        images=tuple(reversed(unique.values()))[:IMAGES],
        enclosures=tuple(file for file in files if file.url and file.type),
    )


def _all(element: etree._Element, local: str) -> list[etree._Element]:
    return [child for child in element if _name(child)[0] in MEDIA and _name(child)[1] == local]


def _is_picture(content: etree._Element) -> bool:
    medium, kind = content.get("medium", ""), content.get("type", "")
    if medium or kind:
        return medium == "image" or kind.startswith("image/")
    return content.get("url", "").split("?")[0].lower().endswith(PICTURES)


def _width(content: etree._Element) -> int:
    given = content.get("width", "0")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 6 else 0


def _image(content: etree._Element, entry: etree._Element) -> Image:
    near = [content]
    while near[-1] is not entry and (parent := near[-1].getparent()) is not None:
        near.append(parent)
    return Image(
        url=content.get("url") or (content.text or "").strip(),
        caption=_nearest(near, "description") or _nearest(near[:-1], "title"),
        credit=_nearest(near, "credit"),
    )


def _nearest(elements: list[etree._Element], local: str) -> str | None:
    """Read the first element of that name on the way from the picture up to its entry."""
    for element in elements:
        for found in _all(element, local):
            text = clean(plain("".join(map(str, found.itertext()))))
            if text:
                return text
    return None


def _file(content: etree._Element) -> Enclosure:
    size = content.get("fileSize", "")
    length = int(size) if size.isascii() and size.isdigit() and len(size) < 19 else None
    return Enclosure(url=content.get("url", ""), type=content.get("type") or None, length=length)
