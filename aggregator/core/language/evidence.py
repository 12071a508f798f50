"""What a text shows of its language: its script, its common words, and pieces of its words."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from aggregator.core.language.alike import are_alike
from aggregator.core.language.data import Languages, Tells, packaged
from aggregator.core.language.names import primary
from aggregator.core.language.scripts import script_of
from aggregator.core.language.stronger import ask_stronger

LOOKED_AT: Final = 1500  # characters: more tell no more
GLANCE: Final = 240  # characters that show whether a text is in the language that it is said to be in
PARTS_IN: Final = 500  # characters in which pieces of words are looked for
OFTEN: Final = 3  # times that a word counts at most: a name may stand in every sentence
SURE: Final = 0.25  # lead without which nothing is said
LEAST: Final = 3.0  # points without which nothing is said
_LETTER: Final = (
    "(?:[^\\W\\d_]|[\u0610-\u061a\u064b-\u065f\u0900-\u0963\u200c])"  # vowel signs are letters here
)
IN_QUESTION: Final = 10  # languages of which a long text is looked at closely
MANY_POINTS: Final = 20.0
WORD: Final = re.compile(rf"{_LETTER}+(?:['-]{_LETTER}+)*'?")
NOTHING: Final[Mapping[str, float]] = MappingProxyType({})
EDGES: Final = ".,:;!?()[]\"“”«»„'-–—…"
APOSTROPHES: Final = str.maketrans(dict.fromkeys("’ʻ`‘ʼ", "'"))
_UNWANTED: Final = re.compile(r"https?://\S+|www\.\S+|[\w.+-]+@[\w.-]+|<[^>]{0,500}>|&#?\w{2,8};|#\w+|@\w+")


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a text shows."""

    language: str = ""  # BCP 47; "": none that is known
    lead: float = (
        0.0  # 0 to 1: of all that tells it from the next that is not like it, how much more speaks for it
    )
    points: float = 0.0  # of what tells it from that one
    apart: float = 0.0  # its lead over the next, which may be like it
    words: int = 0  # that were looked at
    by_script: bool = False  # it has its script to itself

    @property
    def is_sure(self) -> bool:
        """Whether the language may be named."""
        return bool(self.language) and self.lead >= SURE and self.points >= LEAST


def detect(text: str) -> str:
    """Name the language as BCP 47; "" when the text is too short or too mixed to tell.

    Where our own look does not settle it, the library of the extra `language` is asked, if it is installed.
    """
    found = weigh(text)
    if found.is_sure:
        return found.language
    return ask_stronger(cleaned(text)) if found.words >= 2 else ""


def cleaned(text: str) -> str:
    """Take addresses, tags and entities out of the beginning of a text, which are in no language."""
    return _UNWANTED.sub(" ", text[: 2 * LOOKED_AT])[:LOOKED_AT]


def weigh(text: str) -> Evidence:
    """Say what a text shows of its language."""
    sample = cleaned(text).lower()
    script = script_of(sample)
    known = packaged()
    if script not in known.by_script:
        only = 1.0 if script else 0.0
        return Evidence(script, only, only * LEAST, only, len(sample.split()), by_script=bool(script))
    return _by_words(sample.translate(APOSTROPHES), script, known)


def words_of(sample: str) -> list[str]:
    """Give the words of a text in small letters."""
    return WORD.findall(sample)


def _by_words(sample: str, script: str, known: Languages) -> Evidence:
    found = Counter(words_of(sample))
    points: dict[str, float] = defaultdict(float)
    owners = known.words[script]
    for word, times in found.items():
        for language, weight in owners.get(word, ()):
            points[language] += weight * min(times, OFTEN)
    beginning = f" {' '.join(words_of(sample[:PARTS_IN]))} "
    parts = {tells.language: _parts_in(beginning, tells) for tells in _in_question(points, script, known)}
    for language, seen in parts.items():
        points[language] += sum(seen.values())
    first, *others = sorted(points, key=lambda language: -points[language])
    if not points[first]:
        return Evidence(words=found.total())

    def alone(one: str, two: str) -> float:
        told, others = known.known[one].words, known.known[two].words
        return _alone(found, told, others) + _alone_of(parts.get(one, NOTHING), parts.get(two, NOTHING))

    def compared(other: str) -> tuple[float, float]:
        """Give the lead over another language, and the points of what tells the two apart."""
        mine, theirs = (alone(one, two) for one, two in ((first, other), (other, first)))
        return (mine - theirs) / (mine + theirs) if mine + theirs else 0.0, mine

    rival = next((other for other in others if not are_alike(first, other)), None)
    lead, clear = compared(rival) if rival else (1.0, points[first])
    return Evidence(first, lead, clear, compared(others[0])[0], found.total())


def _in_question(points: Mapping[str, float], script: str, known: Languages) -> Sequence[Tells]:
    """Give the languages that a text may be in by its words; all of its script where they tell too little."""
    ranked = sorted(points, key=lambda language: -points[language])[:IN_QUESTION]
    if len(ranked) < IN_QUESTION or points[ranked[0]] < MANY_POINTS:
        return known.by_script[script]
    return [known.known[language] for language in ranked]


def _parts_in(text: str, tells: Tells) -> dict[str, float]:
    """Give the parts and letters that are in a text, with their points."""
    return {
        part: weight * min(text.count(part), OFTEN)
        for parts in (tells.parts, tells.letters)
        for part, weight in parts.items()
        if part in text
    }


def _alone(found: Mapping[str, int], mine: Mapping[str, float], others: Mapping[str, float]) -> float:
    """Give the points of words that one language has and the other has not: what they share tells nothing."""
    return sum(
        mine[word] * min(times, OFTEN) for word, times in found.items() if word in mine and word not in others
    )


def _alone_of(mine: Mapping[str, float], others: Mapping[str, float]) -> float:
    return sum(points for part, points in mine.items() if part not in others)


def foreign_letters(language: str, text: str) -> int:
    """Count the letters of a text that other languages of its script write, and the one given does not."""
    known = packaged()
    own = known.known.get(language) or known.known.get(primary(language))
    if own is None:
        return 0
    glance = text[:GLANCE].lower()
    foreign = known.letters[known.script[own.language]] - own.letters.keys()
    return sum(glance.count(letter) for letter in foreign & set(glance))


def share_of(language: str, text: str) -> float:
    """Say which share of the words at the beginning of a text is common in a language: a glance, for many texts.

    Of a language that has its script to itself, it is the share of nothing or all.
    """
    tells = packaged().known.get(language) or packaged().known.get(primary(language))
    if tells is None:
        return float(script_of(text[:GLANCE]) == primary(language))
    words = text[:GLANCE].lower().translate(APOSTROPHES).split()
    return sum(word.strip(EDGES) in tells.words for word in words) / len(words) if words else 0.0
