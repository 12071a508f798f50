"""Texts made alike before they are read: plain digits, small letters, no accents, one kind of dash and apostrophe."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Final

# Alike for whoever reads them: apostrophes and their like, dashes, marks of a list.
_ALIKE: Final = {
    **dict.fromkeys("’‘ʻʼ`´ʹ′՚＇׳", "'"),
    **dict.fromkeys("‐‑‒–—―−﹣－", "-"),
    **dict.fromkeys("،、，", ","),
    **dict.fromkeys("٫。．۔", "."),
    **dict.fromkeys("“”״„", '"'),
    "ı": "i",
    "：": ":",
    "∶": ":",
}
_SOFT_HYPHEN, _TATWEEL, _LETTER_MARK = "\u00ad", "\u0640", "\u061c"
_FIRST_ASIAN_MARK: Final = 0x0900  # from here on marks are vowels, and part of what a word says


@lru_cache(maxsize=8192)
def _fold_one(char: str) -> str:
    known = _ALIKE.get(char)
    if known is not None:
        return known
    if char.isspace():
        return " "
    if unicodedata.category(char)[0] == "C" or char in (_TATWEEL, _SOFT_HYPHEN, _LETTER_MARK):
        return " " if char < " " else ""
    if char.isdigit():
        return str(unicodedata.digit(char, ""))
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", char).casefold())
    kept = "".join(each for each in plain if not _is_accent(each))
    return unicodedata.normalize("NFC", kept.replace("\u0131", "i"))


def _is_accent(char: str) -> bool:
    return ord(char) < _FIRST_ASIAN_MARK and unicodedata.combining(char) != 0


def fold(text: str) -> str:
    """Fold a text, blanks kept as they stand; what is folded already stays as it is."""
    if text.isascii() and text.isprintable() and "`" not in text:
        return text.lower()
    return "".join(map(_fold_one, unicodedata.normalize("NFC", text)))


def fold_with_places(text: str) -> tuple[str, list[int]]:
    """Fold a text, which is taken as NFC, and say for each character, and for the end, where it comes from."""
    parts = [_fold_one(char) for char in text]
    places = [place for place, part in enumerate(parts) for _ in part]
    return "".join(parts), [*places, len(text)]
