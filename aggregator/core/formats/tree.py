"""The document as a tree: grown from text, and pruned of what feedparser must not see.

feedparser takes any element named like an entry for one, wherever it stands, and flattens Media RSS so that a
caption becomes the text of the story. Both are cured here for every document that is well-formed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from lxml import etree

from aggregator.core.formats.elements import Names, is_feeds, lower_name, name_of
from aggregator.core.formats.limits import CATEGORIES
from aggregator.core.formats.media import Media, read_media
from aggregator.core.formats.repair import NAME_LONGEST
from aggregator.core.text import clean
from aggregator.errors import NotAFeed, ParseError

ENTRIES: Final = frozenset({"item", "entry"})
PARENTS: Final = frozenset({"rss", "rdf", "feed", "channel", "items"})
ROOTS: Final = frozenset({"rss", "rdf", "feed", "channel"})
LABELS: Final = frozenset({"media_category", "media_keywords"})  # of Media RSS: these feedparser reads well
# Second summaries: feedparser would take the later one for the content.
SECOND: Final = frozenset({"itunes_summary", "itunes_subtitle", "dc_description"})
FIRST: Final = frozenset({"description", "summary", "content", "encoded"})
# Inside a feed these have titles and links of their own, which feedparser may take for the feed's.
BESIDE: Final = frozenset({"image", "textinput"})
NAMES: Final = frozenset({"author", "creator", "managingeditor", "webmaster", "name", "email", "publisher"})
DEEPEST: Final = 250  # libxml2's own limit is 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """A well-formed document without what must not be read as part of the feed."""

    data: bytes  # UTF-8
    media: tuple[Media, ...]  # one an entry, in the order of the document
    ids: tuple[str | None, ...]  # likewise; None: neither guid nor id


def grow(text: str) -> etree._Element | None:
    """Read a document into a tree; None when it is not well-formed.

    Whatever charset it declares, it is Unicode here. Raises NotAFeed for another kind of document, ParseError where
    it nests deeper than people write.
    """
    parser = etree.XMLParser(
        encoding="utf-8",
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
    return root


def prune(root: etree._Element) -> Pruned:
    """Take out of a tree what feedparser would misread, and read that part here; the tree is changed."""
    names = Names(root)
    entries = list(_entries(root))
    _drop_strangers(root, entries)
    media = tuple(read_media(entry) for entry in entries)
    for entry in entries:
        _drop_seconds(entry, names)
    for parent in [root, *root.iterchildren("{*}channel"), *entries]:
        _drop_repeated(parent, names)
    ids = tuple(_id(entry) for entry in entries)
    _shorten_names(root)
    return Pruned(data=etree.tostring(root, encoding="utf-8"), media=media, ids=ids)


def _entries(root: etree._Element) -> Iterator[etree._Element]:
    """Go through the elements that are entries of this feed, in the order of the document."""
    own = name_of(root)[0]
    for element in root.iter():
        namespace, local = name_of(element)
        if local.lower() not in ENTRIES or not (namespace == own or is_feeds(namespace)):
            continue
        above = {name_of(parent)[1].lower() for parent in element.iterancestors()}
        if above <= PARENTS:
            yield element


def _drop_strangers(root: etree._Element, entries: list[etree._Element]) -> None:
    """Take out what is named like an entry and is none, and what stands beside the feed's own fields."""
    known = {*entries, root}
    for element in list(root.iter()):
        if lower_name(element)[1] in ENTRIES and element not in known:
            _remove(element)
    for feed in [root, *(each for each in root if each not in known)]:
        for element in filter(_is_beside, list(feed)):
            _remove(element)


def _is_beside(element: etree._Element) -> bool:
    namespace, local = lower_name(element)
    return local in BESIDE and is_feeds(namespace)


def _id(entry: etree._Element) -> str | None:
    """Read guid or id exactly as given: feedparser makes some of them absolute."""
    for child in entry:
        namespace, local = lower_name(child)
        if local in {"guid", "id"} and is_feeds(namespace):
            return (child.text or "").strip() or None
    return None


def _drop_seconds(entry: etree._Element, names: Names) -> None:
    """Take out second summaries and Media RSS but for its labels."""
    keys = [names.key(child) for child in entry]
    has_first = any(key.rpartition("_")[2] in FIRST and key not in SECOND for key in keys)
    for key, child in zip(keys, list(entry), strict=True):
        is_media = key.startswith("media_") and key not in LABELS
        if is_media or (has_first and key in SECOND):
            _remove(child)


def _drop_repeated(parent: etree._Element, names: Names) -> None:
    """Take out what stands there more often than anything we keep: feedparser compares each label with all others."""
    counts: Counter[str] = Counter()
    for child in list(parent):
        key = names.key(child)
        counts[key] += 1
        if counts[key] > CATEGORIES and key not in ENTRIES:
            _remove(child)


def _shorten_names(root: etree._Element) -> None:
    """Cut names that nobody has: feedparser looks for an address in each, and never ends."""
    for element in root.iter():
        if len(element.text or "") > NAME_LONGEST and lower_name(element)[1] in NAMES:
            element.text = (element.text or "")[:NAME_LONGEST]


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
