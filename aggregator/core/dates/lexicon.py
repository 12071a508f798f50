"""The words of dates in all languages, as the data file tells them, and what a word means in a language."""

from __future__ import annotations

import importlib.resources
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Final

HALVES: Final = {"am": 1, "noon": 2, "pm": 3, "night": 4}
DAYS: Final = {"today": 0, "yesterday": -1, "before": -2}
SEVERAL: Final = {
    "months": ("M", 1),
    "solar": ("J", 1),
    "weekdays": ("W", 0),
}  # kind of token, value of the first
WORDS: Final = {"fill": "f", "at": "t", "hour": "h", "minute": "i", "second": "s", "month_mark": "m"}
KINDS: Final = "MJRHhismtfW"  # of two meanings of a word in one language, the first of these counts
# What is believed of a word of any language: short words of another language are no marks of time.
ANYWHERE: Final = frozenset("MJfW")
SHORT: Final = 4  # letters
STEM: Final = 4  # letters that are left of a name of a month when an ending is taken off
ENDING: Final = 5
AGREEING: Final = 3  # languages
SECONDS: Final = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400, "week": 604_800}
MONTHS: Final = {"month": 1, "year": 12}


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a word means in one language."""

    language: str  # primary subtag
    kind: str  # of token, see `tokens`
    value: int = 0


@dataclass(frozen=True, slots=True)
class Ago:
    """So many units ago."""

    unit: str
    count: int | None  # None: the number that is written
    language: str


@dataclass(frozen=True, slots=True)
class Lexicon:
    """All words."""

    meanings: Mapping[str, tuple[Meaning, ...]]
    longest: Mapping[str, int]  # by its first word, the most words that a name has
    ago: Mapping[tuple[str, str], Ago]  # by what stands before and after the number, or by all of it and None
    changed: frozenset[str]
    prefixes: Mapping[str, str]  # letter glued to the front of a month's name, and its language
    month_first: frozenset[str]  # tags, in small letters
    languages: tuple[str, ...]

    def meaning(self, name: str, language: str) -> Meaning | None:
        """Say what a name means, in this language (a primary subtag; "" when unknown) if it has it."""
        known = self.meanings.get(name)
        if known is None:
            return self._inflected(name, language)
        own = [each for each in known if each.language == language]
        return min(own, key=_rank) if own else _foreign(name, known, language)

    def _inflected(self, name: str, language: str) -> Meaning | None:
        """Find a month by the beginning of a word in its own language, or behind what is glued to its front."""
        prefixed = self.prefixes.get(name[0])
        if prefixed:
            return self._month(name[1:], prefixed)
        if not language:
            return None
        stems = (name[:-cut] for cut in range(1, min(ENDING, len(name) - STEM + 1)))
        return next(filter(None, (self._month(stem, language) for stem in stems)), None)

    def _month(self, name: str, language: str) -> Meaning | None:
        known = self.meanings.get(name, ())
        return next((each for each in known if each.language == language and each.kind in "MJ"), None)


def _rank(meaning: Meaning) -> int:
    return KINDS.index(meaning.kind)


def _foreign(name: str, known: tuple[Meaning, ...], language: str) -> Meaning | None:
    """Give what a word of other languages means."""
    if language and not _is_long(name):
        return _common(known)
    believed = (each for each in known if each.kind in ANYWHERE or each.language == "en" or _is_long(name))
    return min(believed, key=_rank, default=None)


def _common(known: tuple[Meaning, ...]) -> Meaning | None:
    """Give what a short foreign word means, where English or three languages agree: "out" is no October in Riau."""
    english = [each for each in known if each.language == "en"]
    if english:
        return min(english, key=_rank)
    first = min(known, key=_rank)
    agreeing = sum(each.kind == first.kind and each.value == first.value for each in known)
    return first if first.kind == "f" or (first.kind in ANYWHERE and agreeing >= AGREEING) else None


def _is_long(name: str) -> bool:
    return len(name) >= SHORT or not name.isascii()


@dataclass(slots=True)
class _Growing:
    meanings: dict[str, list[Meaning]] = field(default_factory=lambda: defaultdict(list))
    ago: dict[tuple[str, str], Ago] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)
    prefixes: dict[str, str] = field(default_factory=dict)
    month_first: set[str] = field(default_factory=set)
    languages: dict[str, None] = field(default_factory=dict)

    def add(self, tag: str, what: str, values: list[list[str]]) -> None:
        language = tag.partition("-")[0]
        if what in SEVERAL:
            kind, first = SEVERAL[what]
            for number, forms in enumerate(values, start=first):
                self._mean(forms, Meaning(language, kind, number))
            self.languages[tag] = None
        elif what in HALVES:
            self._mean(values[0], Meaning(language, "H", HALVES[what]))
        elif what in DAYS:
            self._mean(values[0], Meaning(language, "R", DAYS[what]))
        elif what in WORDS:
            self._mean(values[0], Meaning(language, WORDS[what]))
        elif what == "month_first":
            self.month_first.update(form for forms in values for form in forms)
        else:
            self._add_other(language, what, values[0])

    def _mean(self, forms: list[str], meaning: Meaning) -> None:
        for form in forms:
            self.meanings[form].append(meaning)

    def _add_other(self, language: str, what: str, forms: list[str]) -> None:
        if what.startswith("ago:"):
            _, unit, *count = what.split(":")
            for form in forms:
                self._add_ago(form, unit, int(count[0]) if count else 1, language)
        elif what == "now":
            for form in forms:
                self._add_ago(form, "second", 0, language)
        elif what == "changed":
            self.changed.update(forms)
        elif what == "prefix":
            self.prefixes.update(dict.fromkeys(forms, language))

    def _add_ago(self, form: str, unit: str, count: int, language: str) -> None:
        before, place, after = form.partition("{}")
        self.ago[before, after if place else ""] = Ago(unit, None if place else count, language)


def read(text: str) -> Lexicon:
    """Read the data file."""
    growing = _Growing()
    for tag, what, values in _lines(text):
        growing.add(tag, what, values)
    longest: dict[str, int] = {}
    for name in growing.meanings:
        words = name.split(" ")
        longest[words[0]] = max(longest.get(words[0], 0), len(words))
    return Lexicon(
        meanings={name: tuple(found) for name, found in growing.meanings.items()},
        longest=longest,
        ago=growing.ago,
        changed=frozenset(growing.changed),
        prefixes=growing.prefixes,
        month_first=frozenset(growing.month_first),
        languages=tuple(growing.languages),
    )


def _lines(text: str) -> Iterator[tuple[str, str, list[list[str]]]]:
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        tag, what, *values = line.split(" ")
        yield tag, what, [_forms(value) for value in values]


def _forms(value: str) -> list[str]:
    return [form.replace("_", " ") for form in value.split("/") if form != "-"]


@cache
def packaged() -> Lexicon:
    """Load what is shipped, once: about ten milliseconds, at the first date that is no standard's."""
    data = importlib.resources.files("aggregator") / "data" / "dates.txt"
    return read(data.read_text("utf-8"))
