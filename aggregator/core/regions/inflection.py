"""Forms that a name takes in languages that inflect: tables of endings, by language, and no dictionary."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Final

#: The ending of a name as it stands in a dictionary, and what takes its place in the other cases.
Endings = Mapping[str, tuple[tuple[str, ...], ...]]

_MAX_ENDING: Final = 4
_MIN_STEM: Final = 2
_MAX_WORDS: Final = (
    4  # longer names ("Heard Island and McDonald Islands") are too rare to be worth their forms
)


def read_endings(lines: Sequence[Sequence[str]]) -> Endings:
    """Read a table: ending, then one column a case; a case may have several forms, with "/" between."""
    table: dict[str, tuple[tuple[str, ...], ...]] = {}
    for ending, *cases in lines:
        for number, case in enumerate(cases):
            rows = list(table.get(ending, ()))
            rows += [()] * (number + 1 - len(rows))
            rows[number] = (*rows[number], *case.split("/"))
            table[ending] = tuple(rows)
    return table


def forms(name: str, endings: Endings) -> Iterator[str]:
    """Yield the inflected forms of a name; in one of several words, all of them agree in case.

    "Южная Корея" gives "Южной Кореи", "Южную Корею" …; a word that no ending fits stands as it is.
    """
    words = name.split(" ")
    if not endings or len(words) > _MAX_WORDS:
        return
    seen = {name}
    inflected = [_cases(word, endings) for word in words]
    for case in range(max(map(len, inflected))):
        choices = [
            cases[case] if case < len(cases) else (word,)
            for word, cases in zip(words, inflected, strict=True)
        ]
        for combination in product(*choices):
            form = " ".join(combination)
            if form not in seen:
                seen.add(form)
                yield form


def _cases(word: str, endings: Endings) -> Sequence[tuple[str, ...]]:
    """Return a word's forms, case by case, by the longest ending that fits it; () when none does."""
    for length in range(min(_MAX_ENDING, len(word) - _MIN_STEM), 0, -1):
        cases = endings.get(word[-length:])
        if cases is not None:
            stem = word[:-length]
            return [tuple(stem + ending for ending in case) for case in cases]
    return ()
