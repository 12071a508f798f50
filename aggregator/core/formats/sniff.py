"""What kind of document this is, and in plain words what it is when it is no feed."""

from __future__ import annotations

import re
from typing import Final

from aggregator.core.text import clean, cut, plain
from aggregator.errors import EmptyDocument, NotAFeed, ParseError

BINARY: Final = (
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"RIFF", "a picture or a recording"),
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\x1f\x8b", "compressed data"),
    (b"\x28\xb5\x2f\xfd", "compressed data"),
    (b"SQLite format 3", "a database"),
    (b"\x7fELF", "a program"),
)
BLANKS: Final = " \t\r\n\f\v\0\ufeff\u00a0\u200b"
PROLOGUE: Final = re.compile(
    r"(?:\s|<\?[^>]*>|<!--.*?-->|<!doctype[^>\[]*(?:\[.*?\]\s*)?>)+", re.DOTALL | re.IGNORECASE
)
HTML: Final = re.compile(r"<(?:html|head|body|script|meta|title|div|p)\b", re.IGNORECASE)
TITLE: Final = re.compile(r"<title[^>]*>(.{0,500}?)</title", re.IGNORECASE | re.DOTALL)
FEED: Final = re.compile(r"<(?:[A-Za-z][\w.\-]*:)?(?:rss|feed|rdf|channel)[\s>]", re.IGNORECASE)
LOOKED_AT: Final = 16_384  # characters
SHORTEST: Final = 4  # characters: less is no document of any kind


def refuse_binary(body: bytes) -> None:
    """Raise EmptyDocument for no bytes, NotAFeed for a picture, an archive or another file."""
    if not body.strip():
        raise EmptyDocument("the document is empty")
    for mark, name in BINARY:
        if body.startswith(mark):
            raise NotAFeed(f"{name}, not a feed")


def kind_of(text: str) -> str:
    """Name the kind of a document: a key of PARSERS. Raises EmptyDocument or NotAFeed."""
    given = text.strip(BLANKS)
    if len(given) < SHORTEST:
        raise EmptyDocument("the document is empty")
    if given[0] in "{[":
        return "json"
    start = _without_prologue(given[:LOOKED_AT])
    if not start and len(given) <= LOOKED_AT:
        raise EmptyDocument("the document has nothing in it but a declaration or a comment")
    if HTML.match(start):
        raise NotAFeed(page_reason(given))
    if "<" not in given or not (start.startswith("<") or FEED.search(given[:LOOKED_AT])):
        raise NotAFeed("plain text, not a feed")
    return "xml"


def is_xml(data: bytes) -> bool:
    """Whether a document in UTF-8 begins as XML does that may be a feed; if not, `kind_of` says what it is."""
    try:
        return kind_of(data[:LOOKED_AT].decode("utf-8", "replace")) == "xml"
    except ParseError:
        return False


def page_reason(text: str) -> str:
    """Say which HTML page came instead of a feed."""
    found = TITLE.search(text[:LOOKED_AT])
    title = cut(clean(plain(found.group(1))), 80) if found else ""
    return f'an HTML page titled "{title}", not a feed' if title else "an HTML page, not a feed"


def _without_prologue(text: str) -> str:
    found = PROLOGUE.match(text)
    return text[found.end() :] if found else text
