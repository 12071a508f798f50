"""Names of languages, as publishers write them, and their tags, as BCP 47 wants them."""

from __future__ import annotations

import re
from typing import Final

from aggregator.core.language.data import packaged

_TAG: Final = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8}){0,4}")
_SEVERAL: Final = re.compile(r"[,;|]|\s/\s")  # "en-US, id": the first counts
_ENCODING: Final = re.compile(r"[.@].*$")  # of a locale: id_ID.UTF-8
LONGEST: Final = 60
# Not the name of a language: undetermined, several, none, code, of a machine.
NONE: Final = frozenset(
    {"und", "mul", "zxx", "mis", "art", "c", "posix", "default", "none", "null", "rss", "xx"}
)


def tag(name: str) -> str:
    """Write the name or code of a language as BCP 47 wants it; "" for what is none.

    "in_ID", "ind" and "Bahasa Indonesia" are all Indonesian: id-ID, id, id.
    """
    first = _ENCODING.sub("", _SEVERAL.split(name[:LONGEST].strip())[0].strip())
    known = packaged()
    folded = " ".join(first.casefold().split())
    if folded in known.names:
        return known.names[folded]
    code = first.replace("_", "-")
    if not _TAG.fullmatch(code):
        without = folded.partition("(")[0].strip()  # "Indonesian (Indonesia)"
        return known.names.get(without, "")
    primary, *rest = code.split("-")
    primary = known.codes.get(primary.lower(), primary.lower())
    if primary.partition("-")[0] not in known.existing:
        return ""
    return "" if primary in NONE else "-".join((primary, *map(_subtag, rest)))


def _subtag(part: str) -> str:
    """Write a territory in capitals and a script as a name."""
    if len(part) == 2:
        return part.upper()
    return part.title() if len(part) == 4 and part.isalpha() else part.lower()


def primary(tag: str) -> str:
    """Give the language of a tag, without script and territory."""
    return tag.partition("-")[0].lower()
