"""RSS, Atom and RDF: read straight from the tree or by feedparser, and judged in one way whoever read them."""

from __future__ import annotations

from typing import Final

from lxml import etree

from aggregator.core.formats import about, direct, fallback, judging, pace, repair, tree
from aggregator.core.formats.about import About
from aggregator.core.formats.markup import line
from aggregator.core.formats.reading import Reading
from aggregator.errors import NotAFeed
from aggregator.model import ParsedFeed

BASE: Final = "xml:base"


def parse(text: str, url: str) -> ParsedFeed:
    """Read an XML feed; raises NotAFeed, TruncatedFeed or ParseError."""
    root, repaired = grown(text)
    if root is not None and BASE in repaired:
        tree.settle_bases(root, url)
    told = about.read(root, repaired)
    return judged(_read(root, repaired), url, told)


def grown(text: str) -> tuple[etree._Element | None, str]:
    """Give the document as a tree, if it can be one, and as the text that it was read from."""
    given = text.strip(repair.BLANKS)
    root = tree.grow(given) if repair.is_tidy(given) else None
    if root is not None:
        return root, given
    repaired = repair.repair(text)
    return tree.grow(repaired), repaired


def judged(given: Reading, url: str, told: About) -> ParsedFeed:
    """Make a feed of what was read of it, whoever read it, and of what it says of itself besides."""
    feed = given.feed
    link = judging.link_of(feed, url)
    base = link or url
    # An entry without authors has those of its feed: in Atom (RFC 4287, 4.2.1), not in RSS.
    authors = judging.authors_of(feed) if given.version.startswith("atom") else ()
    return ParsedFeed(
        title=line(judging.title_of(feed) or "") or None,
        link=link,
        icon=judging.resolved(told.icon or feed.icon, base),
        rights=told.rights or judging.label(feed.rights),
        license=judging.license_of(told.license, feed.links, base),
        language=judging.language(feed.language),
        hub=judging.related(feed.links, "hub", url),
        self_link=judging.related(feed.links, "self", url),
        ttl=pace.ttl(feed),
        skip_hours=told.skip_hours,
        skip_days=told.skip_days,
        entries=tuple([judging.entry(draft, extras, base, authors) for draft, extras in given.entries]),
    )


def _read(root: etree._Element | None, repaired: str) -> Reading:
    if root is not None:
        return direct.read(root) or fallback.read_tree(root)
    repair.refuse_truncated(repaired)
    given = fallback.read_text(repair.few(repaired))
    if not (given.entries or given.version):
        raise NotAFeed("an XML document that is no feed")
    return given
