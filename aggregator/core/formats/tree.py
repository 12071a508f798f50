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

from aggregator.core.formats.limits import CATEGORIES
from aggregator.core.formats.media import MEDIA, Media, name_of, read_media
from aggregator.core.text import clean
from aggregator.errors import NotAFeed, ParseError

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
DEEPEST: Final = 250  # libxml2's own limit is 256


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
    name = name_of(root)[1].lower()
    if name not in ROOTS:
        raise NotAFeed(f'an XML document that begins with "{clean(name)[:40]}", not a feed')
    entries = list(_entries(root))
    _drop_strangers(root, entries)
    media = tuple(read_media(entry) for entry in entries)
    for entry in entries:
        _drop_seconds(entry)
    ids = tuple(_id(entry) for entry in entries)
    return Pruned(data=etree.tostring(root, encoding="utf-8"), root=name, media=media, ids=ids)


def _entries(root: etree._Element) -> Iterator[etree._Element]:
    """Go through the elements that are entries of this feed, in the order of the document."""
    own = name_of(root)[0]
    for element in root.iter():
        namespace, local = name_of(element)
        if local.lower() not in ENTRIES or not (namespace == own or _plain(namespace) in FEED_NAMESPACES):
            continue
        above = {name_of(parent)[1].lower() for parent in element.iterancestors()}
        if above <= PARENTS:
            yield element


def _plain(namespace: str) -> str:
    return namespace.lower().rstrip("/#")


def _drop_strangers(root: etree._Element, entries: list[etree._Element]) -> None:
    """Take out what is named like an entry and is none, and what stands beside the feed's own fields."""
    known = {*entries, root}
    for element in list(root.iter()):
        if _lower(element)[1] in ENTRIES and element not in known:
            _remove(element)
    for feed in [root, *(each for each in root if each not in known)]:
        for element in filter(_is_beside, list(feed)):
            _remove(element)


def _is_beside(element: etree._Element) -> bool:
    namespace, local = _lower(element)
    return local in BESIDE and _plain(namespace) in FEED_NAMESPACES


def _id(entry: etree._Element) -> str | None:
    """Read guid or id exactly as given: feedparser makes some of them absolute."""
    for child in entry:
        namespace, local = name_of(child)
        if local.lower() in {"guid", "id"} and _plain(namespace) in FEED_NAMESPACES:
            return (child.text or "").strip() or None
    return None


def _drop_seconds(entry: etree._Element) -> None:
    """Take out second summaries, Media RSS, and what stands there more often than anything we keep."""
    counts: Counter[tuple[str, str]] = Counter()
    has_first = any(name_of(child)[1].lower() in FIRST and _lower(child) not in SECOND for child in entry)
    for child in list(entry):
        name = _lower(child)
        counts[name] += 1
        is_second = has_first and name in SECOND
        is_media = name[0] in MEDIA and name[1] not in LABELS
        if is_second or is_media or counts[name] > CATEGORIES:
            _remove(child)


def _lower(element: etree._Element) -> tuple[str, str]:
    namespace, local = name_of(element)
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
