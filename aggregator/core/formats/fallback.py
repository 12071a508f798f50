"""RSS, Atom and RDF through feedparser, which reads what no XML parser takes, and what is too odd for `direct`."""

from __future__ import annotations

import io
from typing import Final

from lxml import etree

from aggregator.core.formats import tree
from aggregator.core.formats.media import Media
from aggregator.core.formats.reading import Fields, Reading
from aggregator.core.text import clean
from aggregator.errors import ParseError
from aggregator.model import Image

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


def read_tree(root: etree._Element) -> Reading:
    """Read a well-formed document; the tree is changed. Raises ParseError."""
    pruned = tree.prune(root)
    version, feed, entries = _feedparser(pruned.data)
    if len(pruned.media) != len(entries):
        return _flat(version, feed, entries)
    rows = zip(entries, pruned.ids, pruned.media, strict=True)
    joined = [({**entry, "id": own or entry.get("id")}, media) for entry, own, media in rows]
    return Reading(version=version, feed=feed, entries=joined)


def read_text(text: str) -> Reading:
    """Read a repaired document that is still not well-formed; raises ParseError."""
    return _flat(*_feedparser(text.encode("utf-8", "replace")))


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
    version = str(dict.get(result, "version") or "")
    return version, _plain(result.feed), [_plain(entry) for entry in result.entries]


def _plain(given: dict[str, object]) -> Fields:
    """Give plain mappings: feedparser's own stand one field in for another, with warnings."""
    return {name: _plain_value(value) for name, value in given.items()}


def _plain_value(value: object) -> object:
    if isinstance(value, list):
        return [dict(each) if isinstance(each, dict) else each for each in value]
    return dict(value) if isinstance(value, dict) else value


def _flat(version: str, feed: Fields, entries: list[Fields]) -> Reading:
    return Reading(version=version, feed=feed, entries=[(entry, _flattened(entry)) for entry in entries])


def _flattened(given: Fields) -> Media:
    """Take pictures as feedparser lists them, where the document could not be taken apart."""
    contents = [each for each in _dicts(given.get("media_content")) if _is_picture(each)]
    chosen = contents or _dicts(given.get("media_thumbnail"))[:1]
    credited = [_text(each.get("content")) for each in _dicts(given.get("media_credit"))]
    credit = clean(credited[0] or "") or None if len(credited) == 1 else None
    return Media(images=tuple(Image(url=_text(each.get("url")) or "", credit=credit) for each in chosen))


def _is_picture(content: Fields) -> bool:
    return content.get("medium") == "image" or str(content.get("type", "")).startswith("image/")


def _dicts(value: object) -> list[Fields]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _text(value: object) -> str | None:
    return value.strip() or None if isinstance(value, str) else None
