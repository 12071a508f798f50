"""The data file of languages, read once."""

from __future__ import annotations

import importlib.resources
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import Final

PART: Final = 0.5  # what a part of a word weighs beside a word


@dataclass(frozen=True, slots=True)
class Tells:
    """What tells one language among those of its script, each with its weight: the rarer elsewhere, the heavier."""

    language: str  # BCP 47
    words: Mapping[str, float]
    parts: Mapping[str, float]
    letters: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Languages:
    """All that is known of languages."""

    by_script: Mapping[str, tuple[Tells, ...]]
    words: Mapping[
        str, Mapping[str, tuple[tuple[str, float], ...]]
    ]  # script, word, languages with their weights
    known: Mapping[str, Tells]  # by language
    script: Mapping[str, str]  # of a language
    letters: Mapping[str, frozenset[str]]  # by script, those that tell a language of it
    names: Mapping[str, str]  # in small letters
    codes: Mapping[str, str]  # of three letters, and old ones
    existing: frozenset[str]  # primary subtags


def read(text: str) -> Languages:
    """Read the data file."""
    lines = filter(lambda line: line and not line.startswith("#"), text.splitlines())
    given = _grouped(line.split("\t") for line in lines)
    by_script = _by_script(given["tells"])
    told = [(script, tells) for script, listed in by_script.items() for tells in listed]
    return Languages(
        by_script=by_script,
        words={script: _by_word(listed) for script, listed in by_script.items()},
        known={tells.language: tells for _, tells in told},
        script={tells.language: script for script, tells in told},
        letters={
            script: frozenset(chain(*(each.letters for each in listed)))
            for script, listed in by_script.items()
        },
        names=dict(given["name"]),
        codes=dict(given["code"]),
        existing=frozenset(given["known"][0][0].split()),
    )


def _by_script(rows: list[list[str]]) -> dict[str, tuple[Tells, ...]]:
    grouped = _grouped([script, language, *told] for language, script, *told in rows)
    return {script: _weighed(listed) for script, listed in grouped.items()}


def _grouped(rows: Iterable[list[str]]) -> dict[str, list[list[str]]]:
    """Group rows by their first field."""
    found: dict[str, list[list[str]]] = defaultdict(list)
    for first, *others in rows:
        found[first].append(others)
    return found


def _weighed(listed: list[list[str]]) -> tuple[Tells, ...]:
    """Weigh what tells the languages of one script."""
    words = _weights((row[2].split() for row in listed), len(listed))
    parts = _weights((row[3].split() for row in listed), len(listed))
    letters = _weights((set(row[1]) - {"-"} for row in listed), len(listed))
    return tuple(
        Tells(
            row[0],
            {word: words[word] for word in row[2].split()},
            {part.replace("_", " "): PART * parts[part] for part in row[3].split()},
            {letter: letters[letter] for letter in row[1] if letter != "-"},
        )
        for row in listed
    )


def _weights(sets: Iterable[Iterable[str]], languages: int) -> dict[str, float]:
    shared = Counter(each for given in sets for each in set(given))
    return {each: math.log(1 + languages / times) for each, times in shared.items()}


def _by_word(told: tuple[Tells, ...]) -> dict[str, tuple[tuple[str, float], ...]]:
    found: dict[str, list[tuple[str, float]]] = defaultdict(list)
    for tells in told:
        for word, weight in tells.words.items():
            found[word].append((tells.language, weight))
    return {word: tuple(owners) for word, owners in found.items()}


@cache
def packaged() -> Languages:
    """Load what is shipped, once."""
    data = importlib.resources.files("aggregator") / "data" / "languages.txt"
    return read(data.read_text("utf-8"))
