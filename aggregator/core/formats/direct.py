"""RSS, Atom and RDF read straight from the tree: what feedparser would give, at a fraction of its price.

feedparser's answers come from the order in which it meets elements, so this goes through them in that order and
keeps the same books. It takes only what it is sure of: an element that feedparser treats in a way that is not
written down here, or that stands where feeds do not have it, leaves the whole document to feedparser.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from lxml import etree

from aggregator.core.formats.elements import KNOWN, TAKEN, TOLD, Names
from aggregator.core.formats.handlers import HANDLERS, PERSON_NAMES, Context, Document
from aggregator.core.formats.media import Media, read_media
from aggregator.core.formats.quirks import Scope, Unusual, attributes, scoped, version_of
from aggregator.core.formats.reading import Fields, Reading

CHILDREN_MOST: Final = (
    100  # of an entry: where there are more, they are counted by name before feedparser reads them
)
IDS: Final = frozenset({"guid", "id"})
NO_MEDIA: Final = Media()
ENTRIES: Final = frozenset({"item", "entry"})
BESIDE: Final = frozenset({"image", "textinput"})  # of the feed: these have titles and links of their own
FIRST: Final = frozenset({"description", "summary", "content", "encoded"})
SECOND: Final = frozenset({"itunes_summary", "itunes_subtitle", "dc_description"})
LABELS: Final = frozenset({"media_category", "media_keywords"})
# Read by feedparser into fields that we do not keep: in the feed and in an entry, in the feed, in the feed of RSS.
_ASIDE: Final = (
    "rights copyright dc_rights subtitle tagline itunes_subtitle generator cloud info dc_contributor"
    " feedburner_browserfriendly cc_license creativecommons_license dc_publisher webmaster dcterms_valid"
    " expirationdate email name width height url uri homepage itunes_block itunes_explicit itunes_image"
    " itunes_name itunes_email itunes_link newlocation psc_chapters psc_chapter georss_box georss_line georss_point"
    " georss_polygon georss_where georssgeom gml_exterior gml_linearring gml_linestring gml_point gml_polygon"
    " gml_pos gml_poslist where contributor"
)
ASIDE: Final = frozenset(_ASIDE.split())
_FEED_ASIDE: Final = (
    "updated modified lastbuilddate dc_date dcterms_modified published issued pubdate dcterms_issued created"
    " dcterms_created category keywords dc_subject itunes_category itunes_keywords media_category"
    " media_keywords enclosure media_content media_group media_thumbnail media_credit media_rating"
    " media_restriction media_license media_player"
)
FEED_ASIDE: Final = frozenset(_FEED_ASIDE.split())
_RSS_ASIDE: Final = "author managingeditor dc_creator dc_author itunes_author itunes_owner"
RSS_ASIDE: Final = frozenset(_RSS_ASIDE.split())
DIVISIONS: Final = frozenset({"div", "xhtml_div"})
PLACES: Final = frozenset(name for name in ASIDE if name.startswith(("gml_", "georss", "psc_", "where")))
# What feedparser knows and may stand inside one of those without reaching anything else.
INSIDE: Final = {
    **dict.fromkeys(
        ("contributor", "itunes_owner", "author", "managingeditor", "itunes_author"), PERSON_NAMES
    ),
    **dict.fromkeys(PLACES, PLACES),
    "itunes_category": frozenset({"itunes_category"}),
}


def read(root: etree._Element) -> Reading | None:
    """Read a feed from its tree, which stays as it is; None when it is left to feedparser."""
    try:
        return _Reader(root).read()
    except Unusual:
        return None


class _Reader:
    """One document, from its first element to its last."""

    def __init__(self, root: etree._Element) -> None:
        self.root = root
        self.names = Names(root)
        self._accepted: dict[object, str] = {}
        self.kind = self.names.key(root)
        version = version_of(root, self.kind)
        self.document = Document(names=self.names, version=version, is_atom=version.startswith("atom"))
        self.feed = Context(is_entry=False)
        self.entries: list[tuple[Fields, Media]] = []

    def read(self) -> Reading:
        """Go through the whole document; raises Unusual."""
        scope = scoped(Scope(), attributes(self.root))
        if scope.language and self.kind != "rdf_rdf":
            self.feed.fields["language"] = scope.language.replace("_", "-")
        if self.kind == "feed":
            self._feed(self.root, scope)
        else:
            self._around(scope)
        version, feed = self.document.version, self.feed.collected()
        return Reading(version=version, feed=feed, entries=self.entries)

    def _around(self, scope: Scope) -> None:
        """Read the root of RSS and RDF: one feed, and in some formats the entries beside it."""
        has_feed = False
        for child in self.root:
            key = self._key(child)
            if key == "channel":
                if has_feed or self.entries:
                    raise Unusual  # feedparser would not take a title after those of entries
                has_feed = True
                self._feed(child, self._scope(attributes(child), scope))
            elif key in ENTRIES:
                self._entry(child, scope)
            elif not self._is_beside(child, key):
                self._unknown(child, key)

    def _feed(self, element: etree._Element, scope: Scope) -> None:
        for child in element:
            key = self._key(child)
            if key in ENTRIES:
                self._entry(child, scope)
                self.feed.has_title = False
            elif not self._is_beside(child, key):
                self._of_feed(child, key, scope)

    def _of_feed(self, child: etree._Element, key: str, scope: Scope) -> None:
        if key in FEED_ASIDE or (key in RSS_ASIDE and not self.document.is_atom):
            self._aside(child, key)
        elif key == "source":
            raise Unusual
        else:
            self._child(self.feed, child, key, scope)

    def _entry(self, element: etree._Element, scope: Scope) -> None:
        if len(element) > CHILDREN_MOST:
            raise Unusual
        context = Context(is_entry=True)
        given = attributes(element)
        if given:
            scope = self._scope(given, scope)
            if given.get("rdf:about"):
                context.fields["id"] = given["rdf:about"]
        keys = [self._key(child) for child in element]
        aside, has_media = _passed_over(frozenset(keys))
        for key, child in zip(keys, element, strict=True):
            if key not in aside:
                self._child(context, child, key, scope)
        self.document.has_content = False
        fields = context.collected()
        fields["id"] = _own_id(keys, element) or fields.get("id")
        self.entries.append((fields, read_media(element) if has_media else NO_MEDIA))

    def _child(self, context: Context, child: etree._Element, key: str, scope: Scope) -> None:
        handler = HANDLERS.get(key)
        if handler is not None:
            given = attributes(child)
            handler(self.document, context, child, given, scoped(scope, given) if given else scope)
        elif key in ASIDE:
            self._aside(child, key)
        else:
            self._unknown(child, key)

    def _scope(self, given: dict[str, str], scope: Scope) -> Scope:
        if "href" in given or "lastmod" in given:  # CDF, which says so of feeds and entries
            raise Unusual
        return scoped(scope, given)

    def _key(self, element: etree._Element) -> str:
        """Name an element; one that only looks like the feed's own, in another namespace, is unusual."""
        key = self._accepted.get(element.tag)
        if key is None:
            key = self.names.key(element)
            if key in TAKEN or (key in KNOWN and "_" not in key and not self.names.is_native(element)):
                raise Unusual
            self._accepted[element.tag] = key
        return key

    def _is_beside(self, element: etree._Element, key: str) -> bool:
        return key in BESIDE and self.names.is_native(element)

    def _unknown(self, element: etree._Element, key: str) -> None:
        if key in KNOWN:
            raise Unusual
        self._aside(element, key)

    def _aside(self, element: etree._Element, key: str) -> None:
        """Pass over an element that we do not keep, when nothing in it would reach what we do."""
        if not len(element):
            return
        allowed = INSIDE.get(key, frozenset())
        is_markup = attributes(element).get("type", "").endswith(("xhtml", "xml"))
        for inner in element.iterdescendants():
            name = self.names.key(inner)
            if name in TOLD and name not in allowed:
                raise Unusual
            if name in DIVISIONS and not is_markup:
                raise Unusual  # feedparser loses count of how deep it is


@lru_cache(maxsize=512)
def _passed_over(keys: frozenset[str]) -> tuple[frozenset[str], bool]:
    """Give the elements of an entry to pass over, and whether Media RSS is among them: that is read for itself.

    Passed over are second summaries, and Media RSS but for its labels.
    """
    media = frozenset(key for key in keys if key.startswith("media_"))
    has_first = any(key.rpartition("_")[2] in FIRST for key in keys - SECOND)
    return (media - LABELS) | (SECOND if has_first else frozenset()), bool(media)


def _own_id(keys: list[str], element: etree._Element) -> str:
    """Read guid or id exactly as given: feedparser makes some of them absolute."""
    place = next((place for place, key in enumerate(keys) if key in IDS), None)
    return "" if place is None else (element[place].text or "").strip()
