"""Folding that keeps every character at its offset, and what a script says about where words end."""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from typing import Final

# Letters that one writer uses for another's: Arabic and Persian yeh and kaf, hamza seats, the Turkish i's.
# Each stands for one character, so that offsets in folded and in given text are the same.
_SAME: Final = {
    "İ": "i",
    "ı": "i",
    "ی": "ي",
    "ى": "ي",
    "ک": "ك",
    "أ": "ا",
    "إ": "ا",
    "آ": "ا",
    "ҋ": "й",
    "ё": "е",
    "Ё": "е",
    "ʼ": " ",  # an apostrophe, though Unicode calls it a letter; likewise the next
    "ʻ": " ",
}

# First code point of a range and its script; "" is no letter of a script that matters here. Ranges are
# coarse on purpose: they decide only how words end, never what a word means.
_RANGES: Final = (
    (0x0000, "Latn"),
    (0x0370, "Grek"),
    (0x0400, "Cyrl"),
    (0x0530, "Armn"),
    (0x0590, "Hebr"),
    (0x0600, "Arab"),
    (0x0780, "Indc"),
    (0x0E00, "Thai"),
    (0x0E80, "Laoo"),
    (0x0F00, "Tibt"),
    (0x1000, "Mymr"),
    (0x10A0, "Geor"),
    (0x1100, "Hang"),
    (0x1200, "Ethi"),
    (0x13A0, "Indc"),
    (0x1780, "Khmr"),
    (0x1800, "Indc"),
    (0x1C80, "Cyrl"),
    (0x1C90, "Geor"),
    (0x1D00, "Latn"),
    (0x1F00, "Grek"),
    (0x2000, "Latn"),
    (0x2DE0, "Cyrl"),
    (0x2E00, "Hani"),
    (0x3040, "Kana"),
    (0x3100, "Hani"),
    (0x3130, "Hang"),
    (0x3190, "Hani"),
    (0x31F0, "Kana"),
    (0x3200, "Hani"),
    (0xA000, "Indc"),
    (0xA640, "Cyrl"),
    (0xA6A0, "Indc"),
    (0xA720, "Latn"),
    (0xA800, "Indc"),
    (0xAC00, "Hang"),
    (0xD800, "Latn"),
    (0xF900, "Hani"),
    (0xFB00, "Latn"),
    (0xFB1D, "Hebr"),
    (0xFB50, "Arab"),
    (0xFE00, "Latn"),
    (0xFE70, "Arab"),
    (0xFF00, "Latn"),
    (0xFF66, "Kana"),
    (0xFFA0, "Latn"),
    (0x10000, "Indc"),
    (0x20000, "Hani"),
)
_STARTS: Final = tuple(start for start, _ in _RANGES)

#: Scripts written without blanks between words: a name ends where it ends.
UNSPACED: Final = frozenset({"Hani", "Kana", "Thai", "Laoo", "Khmr", "Mymr", "Tibt"})
#: Scripts that hang particles on a name without a mark; what may hang is bounded by `matching`.
PARTICLES_AFTER: Final = frozenset({"Hang"})
PARTICLES_BEFORE: Final = frozenset({"Arab", "Hebr"})
CASED: Final = frozenset({"Latn", "Cyrl", "Grek", "Armn"})


class _Folding(dict[int, str]):
    """A translation table that fills itself: each character is judged once."""

    def __missing__(self, code: int) -> str:
        folded = self[code] = _fold_character(chr(code))
        return folded


def _fold_character(character: str) -> str:
    """Return one character in lower case; blanks, hyphens and punctuation become one blank."""
    same = _SAME.get(character)
    if same is not None:
        return same
    if is_word(character):
        lower = character.lower()
        return lower if len(lower) == 1 else character
    return " "


def is_word(character: str) -> bool:
    """Whether the character is part of a word: a letter, a digit, or a mark that sits on one."""
    # Vowel signs of Indic and Thai scripts are marks, which str.isalnum() leaves out; Latin combining
    # accents likewise.
    return character.isalnum() or (character > "\u02ff" and unicodedata.category(character) in {"Mn", "Mc"})


_TABLE: Final = _Folding()


def fold_text(text: str) -> str:
    """Return the text folded for comparing, of exactly the same length in code points."""
    return text.translate(_TABLE)


def script_of(text: str) -> str:
    """Return the script of the first letter (ISO 15924, "Indc" for what is spaced like Latin)."""
    for character in text:
        if is_word(character):
            return _RANGES[bisect_right(_STARTS, ord(character)) - 1][1]
    return "Latn"
