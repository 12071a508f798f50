"""Entities that a document declares of its own: short texts are put in their places, all else is refused.

Old templates declare `&nbsp;` and its like so, or name the file of HTML's entities, which nobody fetches here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from aggregator.errors import ParseError

DECLARED: Final = re.compile(r"<!ENTITY\b", re.IGNORECASE)
# A text without markup, without references but to characters, and short.
SIMPLE: Final = re.compile(
    r"<!ENTITY\s+([A-Za-z_][\w.\-]{0,63})\s+"
    r"""(?:"((?:[^"&<%]|&\#?[A-Za-z0-9]{1,8};){0,256})"|'((?:[^'&<%]|&\#?[A-Za-z0-9]{1,8};){0,256})')\s*>"""
)
OUTSIDE: Final = re.compile(r"<!ENTITY\s+%\s+[\w.\-]{1,64}\s+(?:SYSTEM|PUBLIC)\b[^<>\[\]]{0,600}>")
XML_NAMES: Final = frozenset({"amp", "lt", "gt", "quot", "apos"})
MOST: Final = 400  # HTML has 253
GROWN_MOST: Final = 2**20  # characters that all references together may come to
REFERENCE: Final = re.compile(r"&\#?(\w{1,8});")


def declared(subset: str) -> Mapping[str, str]:
    """Read the entities of an internal subset; raises ParseError for any that is more than a short text.

    A file of entities that it names is left alone, and its names are those of HTML. References inside a text are
    to characters: one entity in another is how a document grows without end.
    """
    found = {each.group(1): each.group(2) or each.group(3) or "" for each in SIMPLE.finditer(subset)}
    rest = OUTSIDE.sub("", SIMPLE.sub("", subset))
    nested = any(name not in XML_NAMES for text in found.values() for name in _named(text))
    if DECLARED.search(rest) or nested or len(found) > MOST:
        raise ParseError("the document declares entities of its own, which no feed needs")
    return found


def _named(text: str) -> list[str]:
    return [each.group(1) for each in REFERENCE.finditer(text) if not each.group().startswith("&#")]


def expanded(parts: Sequence[str], known: Mapping[str, str]) -> Sequence[str]:
    """Put declared texts in their places; raises ParseError where they come to more than a feed holds."""
    if not known:
        return parts
    pattern = re.compile("&(" + "|".join(map(re.escape, sorted(known, key=len, reverse=True))) + ");")
    grown = sum(len(known[each.group(1)]) for part in parts for each in pattern.finditer(part))
    if grown > GROWN_MOST:
        raise ParseError("the entities that the document declares come to more than a feed holds")
    return [pattern.sub(lambda each: known[each.group(1)], part) for part in parts]
