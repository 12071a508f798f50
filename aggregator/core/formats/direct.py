"""RSS, Atom and RDF read straight from the tree: what feedparser would give, at a fraction of its price.

feedparser's answers come from the order in which it meets elements, so this goes through them in that order and
keeps the same books. It takes only what it is sure of: an element that feedparser treats in a way that is not
written down here leaves the whole document to feedparser.
"""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from typing import Final, NamedTuple

from lxml import etree

from aggregator.core.formats import extras, roles
from aggregator.core.formats.elements import Names
from aggregator.core.formats.extras import Extras
from aggregator.core.formats.handlers import HANDLERS, Document, Handler
from aggregator.core.formats.limits import CATEGORIES
from aggregator.core.formats.quirks import Scope, Unusual, attributes, scoped, version_of
from aggregator.core.formats.reading import Draft, Reading
from aggregator.core.formats.roles import DOUBT, ENTRIES, LIST, TAKE

FIRST, SECOND, ID, MEDIA = "a first summary", "a second summary", "an id", "Media RSS"
IDS: Final = frozenset({"guid", "id"})
NO_ATTRIBUTES: Final[dict[str, str]] = {}  # never written to


class _Step(NamedTuple):
    """What is done with the elements of one name in an entry."""

    handler: Handler | None  # None: they are skipped
    # One of the words above, or the name by which `extras` look at them; "": they have a handler or nothing.
    special: str


@lru_cache(maxsize=1024)
def _step_for(key: str, native: bool) -> _Step:
    """Say what is done with the elements of a name; raises Unusual."""
    role = roles.in_entry(key, native)
    if role == DOUBT:
        raise Unusual
    special = ""
    if key in roles.SECOND:
        special = SECOND
    elif key.startswith("media_"):
        special = MEDIA
    elif key in IDS and native:
        special = ID
    elif extras.counts(key, native):
        special = key
    elif roles.is_first(key):
        special = FIRST
    return _Step(HANDLERS[key] if role == TAKE else None, special)


def read(root: etree._Element) -> Reading | None:
    """Read a feed from its tree, which stays as it is; None when it is left to feedparser."""
    try:
        return _Reader(root).read()
    except Unusual:
        return None


class _Entry:
    """One entry while it is read."""

    def __init__(self, draft: Draft, scope: Scope) -> None:
        self.draft = draft
        self.scope = scope
        self.id: str | None = None
        self.has_first = False
        self.media: dict[str, list[etree._Element]] = {}
        self.seconds: list[tuple[etree._Element, Handler]] = []
        self.besides: dict[str, etree._Element] = {}


class _Reader:
    """One document, from its first element to its last."""

    def __init__(self, root: etree._Element) -> None:
        self.root = root
        self.names = Names(root)
        self.kind = self.names.key(root)
        version = version_of(root, self.kind)
        self.document = Document(names=self.names, version=version, is_atom=version.startswith("atom"))
        self.feed = Draft()
        self.entries: list[tuple[Draft, Extras]] = []
        self._steps: dict[object, _Step] = {}

    def read(self) -> Reading:
        """Go through the whole document; raises Unusual."""
        scope = scoped(Scope(), attributes(self.root))
        if scope.language and self.kind != "rdf_rdf":
            self.feed.language = scope.language.replace("_", "-")
        if self.kind == "feed":
            self._feed(self.root, scope)
        else:
            self._around(scope)
        return Reading(version=self.document.version, feed=self.feed, entries=self.entries)

    def _around(self, scope: Scope) -> None:
        """Read the root of RSS and RDF: one feed, and in some formats the entries beside it."""
        has_feed = False
        for child in self.root:
            key = self.names.key(child)
            if key in ENTRIES and self.names.is_native(child):
                self._entry(child, scope)
            elif key == "channel" and self.names.is_native(child):
                if has_feed or self.entries:
                    raise Unusual  # feedparser would not take a title after those of entries
                has_feed = True
                self._feed(child, self._scope(attributes(child), scope))
            elif key == LIST:
                self._list(child, scope)

    def _list(self, element: etree._Element, scope: Scope) -> None:
        for child in element:
            if self.names.key(child) in ENTRIES and self.names.is_native(child):
                self._entry(child, scoped(scope, attributes(element)))

    def _feed(self, element: etree._Element, scope: Scope) -> None:
        counts: Counter[str] = Counter()
        for child in element:
            key = self.names.key(child)
            if key in ENTRIES:
                if self.names.is_native(child):
                    self._entry(child, scope)
                    self.feed.has_title = False
                continue
            counts[key] += 1
            role = roles.of_feed(key, self.names.is_native(child), is_atom=self.document.is_atom)
            if role == DOUBT:
                raise Unusual
            if key == LIST:
                self._list(child, scope)
            elif role == TAKE and counts[key] <= CATEGORIES:
                given = attributes(child)
                HANDLERS[key](self.document, self.feed, child, given, scoped(scope, given))

    def _entry(self, element: etree._Element, scope: Scope) -> None:
        draft = Draft(is_entry=True)
        given = attributes(element)
        if given:
            scope = self._scope(given, scope)
            draft.id = draft.about = given.get("rdf:about")
        reading = _Entry(draft, scope)
        children = element if len(element) <= CATEGORIES else self._few(element)
        known, document = self._steps, self.document
        for child in children:
            step = known.get(child.tag) or self._step(child)
            handler = self._special(step, child, reading) if step.special else step.handler
            if handler is None:
                continue
            if child.keys():
                given = attributes(child)
                handler(document, draft, child, given, scoped(scope, given))
            else:
                handler(document, draft, child, NO_ATTRIBUTES, scope)
        document.has_content = False
        self.entries.append((draft, self._finish(element, reading)))

    def _finish(self, element: etree._Element, reading: _Entry) -> Extras:
        """Read what waited for the end of its entry; give what the entry has besides."""
        draft = reading.draft
        for child, handler in () if reading.has_first else reading.seconds:
            given = attributes(child)
            handler(self.document, draft, child, given, scoped(reading.scope, given))
        # guid or id exactly as given: feedparser makes some of them absolute
        draft.id = reading.id or draft.id
        if not (reading.besides or reading.media):
            return extras.NOTHING
        return extras.of_entry(element, reading.besides, reading.media, self.names)

    def _special(self, step: _Step, child: etree._Element, reading: _Entry) -> Handler | None:
        """Note what an element means beside what it says; give what reads it now."""
        special = step.special
        if special == FIRST:
            reading.has_first = True
        elif special == ID:
            if reading.id is None:
                reading.id = (child.text or "").strip()
        elif special == SECOND:
            if step.handler is not None:
                reading.seconds.append((child, step.handler))
            return None
        elif special == MEDIA:
            reading.media.setdefault(self.names.key(child), []).append(child)
        else:
            reading.besides.setdefault(special, child)
        return step.handler

    def _step(self, child: etree._Element) -> _Step:
        """Say what is done with the elements of this name; the elements of a feed have few."""
        step = self._steps[child.tag] = _step_for(self.names.key(child), self.names.is_native(child))
        return step

    def _few(self, element: etree._Element) -> list[etree._Element]:
        """Give the children of an entry, of each name no more than anything that is kept."""
        counts: Counter[str] = Counter()
        found = []
        for child in element:
            counts[self.names.key(child)] += 1
            if counts[self.names.key(child)] <= CATEGORIES:
                found.append(child)
        return found

    def _scope(self, given: dict[str, str], scope: Scope) -> Scope:
        if "href" in given or "lastmod" in given:  # CDF, which says so of feeds and entries
            raise Unusual
        return scoped(scope, given)
