"""Numbers with their words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_MANY: Final[Mapping[str, str]] = {"is": "are", "was": "were", "has": "have"}


def counted(number: int, word: str, verb: str = "") -> str:
    """Give a number with its word, and with a verb that agrees: "1 entry", "2 entries", "2 entries are"."""
    if number == 1:
        return f"1 {word} {verb}".rstrip()
    many = (
        f"{word[:-1]}ies"
        if re.search("[^aeiou]y$", word)
        else f"{word}es"
        if word[-1:] == "s"
        else f"{word}s"
    )
    return f"{number} {many} {_MANY.get(verb, verb)}".rstrip()
