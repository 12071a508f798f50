"""Which elements of a feed and of an entry are read: one answer for both readers.

What is not read is skipped in the tree and taken out of what feedparser gets: it would let an element of nobody's,
or one that merely looks like a feed's own, reach the fields that are kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from aggregator.core.formats.handlers import HANDLERS
from aggregator.core.formats.limits import CATEGORIES

ENTRIES: Final = frozenset({"item", "entry"})
FIRST: Final = frozenset({"description", "summary", "content", "encoded"})
# Second summaries: feedparser would take the later one for the content.
SECOND: Final = frozenset({"itunes_summary", "itunes_subtitle", "dc_description"})
# Known to feedparser, and left to it where they are the feed's own.
ODD: Final = frozenset({"channel", "feed", "rss"})
_OF_ENTRIES: Final = (
    "updated modified lastbuilddate dc_date dcterms_modified published issued pubdate dcterms_issued created"
    " dcterms_created date category keywords dc_subject itunes_category itunes_keywords media_category"
    " media_keywords enclosure"
)
OF_ENTRIES: Final = frozenset(_OF_ENTRIES.split())  # what is kept of entries alone
# Of a feed in RSS: there, they are not the authors of its entries.
OF_ATOM: Final = frozenset({"author", "managingeditor", "dc_creator", "dc_author", "itunes_author"})
LIST: Final = "items"  # a list of entries, or in RDF of nothing but their addresses
READ: Final = frozenset(HANDLERS)
TAKE, SKIP, DOUBT = "take", "skip", "doubt"


def of_entry(keys: Sequence[str], native: Sequence[bool]) -> list[str]:
    """Say of each child of an entry whether it is read, skipped, or left to feedparser with the document."""
    found = list(map(in_entry, keys, native))
    seconds = SECOND if any(map(is_first, keys)) else frozenset()
    counts: Counter[str] = Counter()
    for place, key in enumerate(keys):
        counts[key] += 1
        if key in seconds or counts[key] > CATEGORIES:
            found[place] = SKIP
    return found


def in_entry(key: str, native: bool) -> str:
    """Say it of one child of an entry, whatever else stands there."""
    return SKIP if key == LIST else _role(key, native)


def is_first(key: str) -> bool:
    """Whether a child of an entry is a summary or a content, so that second ones are not read."""
    return key not in SECOND and not key.startswith("media_") and key.rpartition("_")[2] in FIRST


def of_feed(key: str, native: bool, *, is_atom: bool) -> str:
    """Say the same of a child of a feed; entries are not asked about."""
    if key in OF_ENTRIES or (key in OF_ATOM and not is_atom):
        return SKIP
    return _role(key, native)


@lru_cache(maxsize=1024)
def _role(key: str, native: bool) -> str:
    if key in READ or key == LIST:
        return TAKE if native or "_" in key else SKIP
    return DOUBT if native and key in ODD else SKIP
