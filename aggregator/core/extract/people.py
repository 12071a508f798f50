"""Names of people as pages give them: what stands around a name is taken off, a list of names is parted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from aggregator.core.extract import labels
from aggregator.core.extract.when import DATE
from aggregator.core.text import fold

MOST: Final = 12
LONGEST: Final = 80
_BY: Final = re.compile(
    r"^(?:(?:post |article )?(?:author|autor|auteur|autore|penulis|автор)s?\s*:?\s+(?=\w+ ))?"
    r"(?:(?:written |reported |posted |story |words )?by|von|par|por|oleh|text|texte|di|автор|door|av|af|da|yazan)"
    r"\s*[:：]?\s+",
    re.IGNORECASE,
)
_GLUED: Final = re.compile(r"^By(?=[A-Z][a-z])")
_AND: Final = re.compile(
    r"\s*[;|•·／]\s*|\s+/\s+|\s+(?:and|und|et|dan|y|и|og|och|&|та|ve|e|en|i|și|a)\s+(?=[^\W\d_])",
    re.IGNORECASE,
)
_LOOSE_AND: Final = frozenset((" a ", " e ", " i ", " en ", " y "))  # also an initial: "Maria E Costa"
_TITLES: Final = re.compile(
    r",?\s+(?:Ph\.?\s?D|M\.?D|M\.?A|MSc|BSc|MBA|RN|RD|J\.?D|DDS|Jr|Sr|S\.?H|S\.?Sos|M\.?Si|S\.?Pd)\.?(?=$|\W)"
)
_LONE_TITLE: Final = re.compile(r"(?:Ph\.?\s?D|M\.?D|M\.?A|MSc|BSc|MBA|RN|JD|Jr|Sr|S\.?H|M\.?Si)\.?")
_CUT: Final = re.compile(
    r"\s*(?:[@•|(（\[]|\s[-–—]\s|https?:|\d|last updated|updated|published|follow\b|,\s*for the\b)"
)
_ROLES: Final = re.compile(
    r"[\s,]+(?:(?:senior|chief|deputy|associate|assistant|managing|contributing|staff|news|sports?|political|games?|science|"
    r"foreign|business|health|special|web|digital|general|crime|court|education)\s+)*(?:editor|reporter|writer|correspondent|"
    r"columnist|journalist|staff|contributor|redakteur(?:in)?|chefredakteur(?:in)?|reporterin|korrespondent(?:in)?|"
    r"volont[äa]r(?:in)?|redaktion|journaliste|wartawan|reporter tvnz)$",
    re.IGNORECASE,
)
_NO_NAME: Final = re.compile(r"://|^@|^\W*$|\d{3}|\S@\S|^https?|^www\.|[{}<>=]|^\d")
_PARTICLES: Final = frozenset(
    ("de", "da", "di", "do", "dos", "das", "del", "della", "der", "den", "des", "du", "van", "von", "vom", "zu", "zum",
     "la", "le", "el", "al", "bin", "binti", "ibn", "und", "y", "e", "ten", "ter", "af", "av", "für", "the")
)  # fmt: skip
_JOBS: Final = frozenset(("twitter", "facebook", "instagram", "email", "e-mail"))


def people(given: Iterable[str]) -> tuple[str, ...]:
    """Names, each once: "A and B" and "A B, C D" are two, an address or a handle is none."""
    names: dict[str, None] = {}
    for line in given:
        names |= dict.fromkeys(_names(" ".join(line.split())))
    return tuple(names)[:MOST]


def _names(line: str) -> Iterator[str]:
    for piece in _parted(_bare(line)):
        name = _trimmed(piece)
        if 1 < len(name) <= LONGEST and not _is_none(name):
            yield name


def _is_none(name: str) -> bool:
    return bool(_NO_NAME.search(name) or _LONE_TITLE.fullmatch(name)) or fold(name) in _JOBS


def _bare(line: str) -> str:
    """A line without "By" before it, and without degrees and brackets behind a name."""
    line = _GLUED.sub("", _BY.sub("", line.strip(" ,;|–—-:")))
    return _TITLES.sub("", re.sub(r"\s*[(（][^()（）]{1,60}[)）]", "", line))


def _trimmed(name: str) -> str:
    """A name without its date, its role, the network it is found on."""
    name = name.strip(" ,;|–—-:/")
    found = _CUT.search(name)
    if found and found.start() > 3:
        name = name[: found.start()]
    while (shorter := _ROLES.sub("", name)) != name and len(shorter.split()) >= 2:
        name = shorter
    words = name.split()
    while len(words) > 2 and fold(words[-1]) in labels.NETWORKS:
        words.pop()
    return " ".join(words).strip(" ,;|–—-:/")


def _parted(line: str) -> list[str]:
    line = DATE.sub(" ", line) if len(line) > 12 else line
    halves = [half.strip() for half in line.split("/")]
    if len(halves) == 2 and all(map(_is_full_name, halves)):
        return halves
    return [name for piece in _joined(line) for name in _listed(piece)]


def _joined(line: str) -> list[str]:
    """What "and" stands between; of "Maria E Costa" the letter is none."""
    pieces = [piece for piece in _AND.split(line) if piece.strip()]
    single = any(" " not in piece.strip() for piece in pieces)
    return [line] if len(pieces) > 1 and single and _is_initial(line) else pieces


def _is_initial(line: str) -> bool:
    return any(word in f" {fold(line)} " for word in _LOOSE_AND)


def _listed(piece: str) -> list[str]:
    """Names between commas, when the pieces look like names; what follows the names is place, post or paper."""
    parts = [part.strip() for part in re.split(r"\s*[,、，]\s*", piece) if part.strip()]
    if len(parts) < 2:
        return [piece]
    if not any(_has_case(sign) for sign in piece):
        return parts
    if not _is_full_name(parts[0]):
        return [piece]
    return [part for part in parts if _is_full_name(part) or part in labels.AGENCIES]


def _is_full_name(text: str) -> bool:
    """Whether a text is two to five words, each with a capital but for particles."""
    words = text.split()
    if not 2 <= len(words) <= 5:
        return False
    return all(word[:1].isupper() or not _has_case(word[:1]) or fold(word) in _PARTICLES for word in words)


def _has_case(sign: str) -> bool:
    return sign.upper() != sign.lower()
