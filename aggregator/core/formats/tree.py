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

from aggregator.core.formats import extras, roles
from aggregator.core.formats.elements import Names, lower_name, name_of
from aggregator.core.formats.extras import Extras
from aggregator.core.formats.handlers import PERSON, is_in_parts
from aggregator.core.formats.inline import XHTML, is_odd, markup_of, text_of
from aggregator.core.formats.limits import CATEGORIES
from aggregator.core.formats.limits import ENTRIES as ENTRIES_MOST
from aggregator.core.formats.limits import NAME as NAME_LONGEST
from aggregator.core.formats.roles import ENTRIES
from aggregator.core.text import clean
from aggregator.core.urls import absolute
from aggregator.errors import NotAFeed, ParseError

ROOTS: Final = frozenset({"rss", "rdf", "feed", "channel"})
PARENTS: Final = frozenset({"rss", "rdf", "feed", "channel", "items"})
ABOUT: Final = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about"
BASE: Final = "{http://www.w3.org/XML/1998/namespace}base"
AROUND: Final = frozenset({"rss", "rdf_rdf"})  # these stand around the feed, and in some formats its entries
# Elements whose elements are read; those whose text may be HTML; types that are markup as elements.
HOLDERS: Final = frozenset(
    {
        "channel",
        "item",
        "entry",
        "author",
        "managingeditor",
        "dc_creator",
        "dc_author",
        "itunes_author",
        "itunes_category",
        "items",
    }
)
LISTS: Final = frozenset({"channel", "item", "entry", "items"})
_BODIES: Final = (
    "title dc_title description dc_description summary itunes_summary abstract content content_encoded fullitem"
    " body xhtml_body"
)
BODIES: Final = frozenset(_BODIES.split())
PAGES: Final = frozenset({"body", "xhtml_body"})
MARKUP: Final = frozenset({"xhtml", XHTML})
NAMES: Final = frozenset({"author", "creator", "managingeditor", "webmaster", "name", "email", "publisher"})
DEEPEST: Final = 250  # libxml2's own limit is 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """A well-formed document without what must not be read as part of the feed."""

    data: bytes  # UTF-8
    extras: tuple[Extras, ...]  # one an entry, in the order of the document
    ids: tuple[str | None, ...]  # likewise; None: neither guid nor id
    abouts: tuple[str | None, ...]  # likewise: rdf:about


def grow(data: bytes) -> etree._Element | None:
    """Read a document into a tree; None when it is not well-formed.

    Whatever charset it declares, it is UTF-8 here. Raises NotAFeed for another kind of document, ParseError where
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
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        if "depth" in str(error).lower():
            raise ParseError(f"the document nests deeper than {DEEPEST} elements") from None
        return None
    if root.getroottree().docinfo.internalDTD is not None:
        return None  # it declares something of its own, deep behind comments
    name = name_of(root)[1].lower()
    if name not in ROOTS:
        raise NotAFeed(f'an XML document that begins with "{clean(name)[:40]}", not a feed')
    for parent in [root, *root.iterchildren("{*}channel", "{*}items")]:
        _leave_first(parent)
    return root


def _leave_first(parent: etree._Element) -> None:
    """Leave the first entries of a document that has more than anybody publishes: each costs a millisecond to read."""
    if len(parent) <= ENTRIES_MOST:
        return
    entries = [child for child in parent if lower_name(child)[1] in ENTRIES]
    for entry in entries[ENTRIES_MOST:]:
        parent.remove(entry)


def settle_bases(root: etree._Element, url: str) -> None:
    """Make every xml:base absolute, each against those around it and the document's address (XML Base, 4.2)."""
    for element in root.iter():
        given = element.get(BASE)
        if given is not None:
            _settle_base(element, given, url)


def _settle_base(element: etree._Element, given: str, url: str) -> None:
    around = next((each.get(BASE) for each in element.iterancestors() if each.get(BASE)), None)
    settled = absolute(given, around or url)
    if settled:
        element.set(BASE, settled)
    else:
        del element.attrib[BASE]


def prune(root: etree._Element, version: str) -> Pruned:
    """Take out of a tree what feedparser would misread, and read that part here; the tree is changed."""
    names = Names(root)
    entries = list(_entries(root, names))
    ids = tuple(_id(entry, names) for entry in entries)
    abouts = tuple(entry.get(ABOUT) for entry in entries)
    besides = tuple(_besides(entry, names) for entry in entries)
    _drop_strangers(root, entries, names)
    _drop_unread(root, entries, names, version)
    for parent in [root, *_feeds(root, names), *entries]:
        for child in parent:
            _strip(child, names)
            _flatten(child, names, version)
    _shorten_names(root)
    return Pruned(data=etree.tostring(root, encoding="utf-8"), extras=besides, ids=ids, abouts=abouts)


def _drop_unread(root: etree._Element, entries: list[etree._Element], names: Names, version: str) -> None:
    """Take out what neither reader reads."""
    for entry in entries:
        children = list(entry)
        keys, native = list(map(names.key, children)), list(map(names.is_native, children))
        _keep(children, roles.of_entry(keys, native))
    for feed in _feeds(root, names):
        children = [child for child in feed if names.key(child) not in ENTRIES]
        is_around = feed is root and names.key(root) in AROUND
        _keep(children, _roles_in_feed(children, names, version.startswith("atom"), is_around))


def _besides(entry: etree._Element, names: Names) -> Extras:
    children = list(entry)
    keys, native = list(map(names.key, children)), list(map(names.is_native, children))
    found = {key: children[place] for key, place in extras.places(keys, native)}
    media: dict[str, list[etree._Element]] = {}
    for key, child in zip(keys, children, strict=True):
        if key.startswith("media_"):
            media.setdefault(key, []).append(child)
    return extras.of_entry(entry, found, media, names)


def _feeds(root: etree._Element, names: Names) -> list[etree._Element]:
    """Give the elements that hold what a feed says of itself."""
    if names.key(root) == "feed":
        return [root]
    return [root, *(child for child in root if names.key(child) == "channel")]


def _entries(root: etree._Element, names: Names) -> Iterator[etree._Element]:
    """Go through the elements that are entries of this feed, in the order of the document."""
    for element in root.iter():
        if names.key(element) not in ENTRIES or not names.is_native(element):
            continue
        if {names.local(parent) for parent in element.iterancestors()} <= PARENTS:
            yield element


def _roles_in_feed(children: list[etree._Element], names: Names, is_atom: bool, is_around: bool) -> list[str]:
    """Say what is read of a feed's children; of what stands beside the feed of RSS and RDF, nothing."""
    counts: Counter[str] = Counter()
    found = []
    for child in children:
        key = names.key(child)
        counts[key] += 1
        role = roles.of_feed(key, names.is_native(child), is_atom=is_atom)
        if counts[key] > CATEGORIES or (is_around and key not in PARENTS):
            role = roles.SKIP
        found.append(role)
    return found


def _keep(children: list[etree._Element], given: list[str]) -> None:
    for child, role in zip(children, given, strict=True):
        if role == roles.SKIP:
            _remove(child)


def _drop_strangers(root: etree._Element, entries: list[etree._Element], names: Names) -> None:
    """Take out what is named like an entry and is none."""
    known = {*entries, root}
    for element in list(root.iter()):
        if names.local(element) in ENTRIES and element not in known:
            _remove(element)


def _id(entry: etree._Element, names: Names) -> str | None:
    """Read guid or id exactly as given: feedparser makes some of them absolute."""
    for child in entry:
        if names.key(child) in {"guid", "id"} and names.is_native(child):
            return (child.text or "").strip() or None
    return None


def _strip(element: etree._Element, names: Names) -> None:
    """Take out of a person, or of a label, what is no part of it."""
    key = names.key(element)
    if key not in HOLDERS - LISTS:
        return
    if key != "itunes_category" and len(element) and not is_in_parts(element, names):
        _set_text(element, text_of(element))
    for child in list(element):
        if names.key(child) not in PERSON and (names.key(child) != key or len(child)):
            _remove(child)


def _flatten(element: etree._Element, names: Names, version: str) -> None:
    """Write markup in a text as text, where feedparser would take it for elements of the feed."""
    if not len(element) or names.key(element) in HOLDERS:
        return
    kind = element.get("type", "")
    if names.key(element) not in BODIES:
        text = text_of(element)
    elif kind in MARKUP or names.key(element) in PAGES:
        if not is_odd(element, names):
            return
        text = markup_of(element, names, unwrap=version == "atom10")
        element.set("type", "text/html")
    else:
        text = markup_of(element, names, unwrap=False)
        element.set("type", "text/html")
    _set_text(element, text)


def _set_text(element: etree._Element, text: str) -> None:
    for child in list(element):
        element.remove(child)
    element.text = text


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
