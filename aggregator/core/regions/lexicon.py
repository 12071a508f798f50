"""Names to look for, and the automaton that finds all of them in one pass over a text."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

import ahocorasick

from aggregator.core.regions.folding import (
    CASED,
    PARTICLES_AFTER,
    PARTICLES_BEFORE,
    UNSPACED,
    fold_text,
    script_of,
)


class Term(NamedTuple):
    """One written name and what it may mean."""

    name: str  # as it is written; its capitals must be capitals in the text
    codes: tuple[str, ...]  # likeliest first
    rule: str  # of the evidence: name | stem | abbreviation | city | subdivision | not
    weak: bool = False  # also a given name or a common word: counts only beside other evidence of its country
    exact: bool = False  # the very characters, dots and capitals included


class Hit(NamedTuple):
    """A term where it stands; offsets are into the text that was searched."""

    start: int
    end: int
    term: Term


# Prepositions and conjunctions that are written onto the next word, with and without the article.
_BEFORE: Final = {
    "Arab": frozenset(["و", "ف", "ب", "ل", "ك", "ال", "وال", "بال", "فال", "كال", "لل", "ولل", "وب", "ول"]),
    "Hebr": frozenset(["ב", "ל", "מ", "ה", "ו", "כ", "ש", "וב", "ול", "ומ", "וה", "שב", "של", "מה", "בה"]),
}
#: What may stand between the words of one name.
_GAPS: Final = frozenset(" \n\t\u00a0\u202f-‐‑–'’ʼʻ.&・·")


@dataclass(frozen=True, slots=True)
class _Key:
    """How a folded name is bounded in the padded text: by a blank, by nothing, or by a check afterwards."""

    text: str
    before: int  # blanks that the key itself carries in front of the name
    after: int


def _key_of(name: str, *, open_end: bool) -> _Key:
    folded = fold_text(name).strip()
    first, last = script_of(name), script_of(name[::-1])
    before = 0 if first in UNSPACED or first in PARTICLES_BEFORE else 1
    after = 0 if last in UNSPACED or last in PARTICLES_AFTER or (open_end and last in _INFLECTING) else 1
    return _Key(" " * before + folded + " " * after, before, after)


_INFLECTING: Final = CASED | {"Geor", "Indc"}


class Lexicon:
    """Terms in one automaton. `endings` are particles that may follow a name without a blank."""

    __slots__ = ("_automaton", "_bounds", "_endings", "_others", "_terms")

    def __init__(self, terms: Iterable[Term], endings: frozenset[str] = frozenset()) -> None:
        numbers: dict[str, int] = {}
        self._endings = endings
        # A lexicon holds tens of thousands of names: one term a key is the rule, several are kept beside.
        self._terms: list[Term] = []
        self._others: dict[int, list[Term]] = {}
        self._bounds = array("H")
        self._automaton = ahocorasick.Automaton(ahocorasick.STORE_INTS)
        for term in terms:
            key = _key_of(term.name, open_end=bool(endings) and not term.exact)
            if not key.text.strip():
                continue
            number = numbers.setdefault(key.text, len(self._terms))
            if number < len(self._terms):
                self._others.setdefault(number, []).append(term)
                continue
            self._terms.append(term)
            self._bounds.append(len(key.text.strip()) << 2 | key.before << 1 | key.after)
            self._automaton.add_word(key.text, number)
        self._automaton.make_automaton()

    def __len__(self) -> int:
        return len(self._terms)

    def hits(self, text: str, padded: str) -> Iterator[Hit]:
        """Yield every term in the text, overlapping ones too.

        `padded` is the text folded, with one blank before and after it.
        """
        if not self._terms:
            return
        for last, number in self._automaton.iter(padded):
            bounds = self._bounds[number]
            end = last - (bounds & 1)  # the padded text is one ahead, the end one behind: they cancel out
            start = end - (bounds >> 2)
            if not bounds & 2 and not self._begins_well(padded, start):
                continue
            if not bounds & 1 and not self._ends_well(padded, end):
                continue
            for term in (self._terms[number], *self._others.get(number, ())):
                hit = _written_so(term, text, start, end)
                if hit is not None:
                    yield hit

    def _begins_well(self, padded: str, start: int) -> bool:
        allowed = _BEFORE.get(script_of(padded[start + 1]))
        if allowed is None:
            return True
        ahead = padded.rfind(" ", 0, start + 1)
        proclitic = padded[ahead + 1 : start + 1]
        return not proclitic or proclitic in allowed

    def _ends_well(self, padded: str, end: int) -> bool:
        if script_of(padded[end]) in UNSPACED:
            return True
        behind = padded.find(" ", end + 1)
        particle = padded[end + 1 : behind]
        return not particle or particle in self._endings


def _written_so(term: Term, text: str, start: int, end: int) -> Hit | None:
    """Return the hit if the text's capitals and gaps are those of the name."""
    name = term.name
    if term.exact:
        return Hit(start, start + len(name), term) if text.startswith(name, start) else None
    capital_due = True  # the first capital of each word counts: "iMali" is Mali, "imali" money
    for wanted, found in zip(name, text[start:end], strict=False):
        if not wanted.isalnum():
            if wanted != found and found not in _GAPS:
                return None
            capital_due = True
        elif capital_due and wanted.isupper():
            if not found.isupper():
                return None
            capital_due = False
    return Hit(start, end, term)
