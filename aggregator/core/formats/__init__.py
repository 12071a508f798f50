"""Feed documents, read: RSS, Atom and RDF from their tree or by feedparser, JSON Feed by ourselves.

A new format is a new module and one line in PARSERS; `sniff.kind_of` then has to know it when it sees it.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from aggregator.core.formats import charset, jsonfeed, limits, sniff, xmlfeed
from aggregator.model import ParsedFeed

Parser = Callable[[str, str], ParsedFeed]  # the document's text and the URL it came from

PARSERS: Final[Mapping[str, Parser]] = {
    "xml": xmlfeed.parse,
    "json": jsonfeed.parse,
}


def parse(body: bytes, *, url: str, content_type: str | None) -> ParsedFeed:
    """Read a feed document that came from `url`.

    Raises NotAFeed, EmptyDocument, TruncatedFeed or ParseError, each with a plain reason that quotes nothing
    of the origin but a page's title. Fields are bounded by `limits`.
    """
    with _undisturbed():
        sniff.refuse_binary(body)
        found = xmlfeed.at_once(body, url)
        if found is None:
            text = charset.decode(body, content_type)
            found = PARSERS[sniff.kind_of(text)](text, url)
        return limits.bounded(found)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Look for no cycles meanwhile: a feed makes thousands of values and none, and the search costs a fifth."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


__all__ = ["PARSERS", "Parser", "parse"]
