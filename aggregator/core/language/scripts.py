"""Scripts, and the languages that have one to themselves."""

from __future__ import annotations

from collections import Counter
from typing import Final

# First and last code point of a script, and its name, or the language that it is taken for.
RANGES: Final = (
    (0x0041, 0x024F, "latin"),
    (0x1E00, 0x1EFF, "latin"),
    (0x0370, 0x03FF, "el"),
    (0x1F00, 0x1FFF, "el"),
    (0x0400, 0x052F, "cyrillic"),
    (0x0530, 0x058F, "hy"),
    (0x0590, 0x05FF, "hebrew"),
    (0x0600, 0x077F, "arabic"),
    (0x08A0, 0x08FF, "arabic"),
    (0xFB50, 0xFDFF, "arabic"),
    (0xFE70, 0xFEFC, "arabic"),
    (0x0780, 0x07BF, "dv"),
    (0x0900, 0x097F, "devanagari"),
    (0x0980, 0x09FF, "bn"),
    (0x0A00, 0x0A7F, "pa"),
    (0x0A80, 0x0AFF, "gu"),
    (0x0B00, 0x0B7F, "or"),
    (0x0B80, 0x0BFF, "ta"),
    (0x0C00, 0x0C7F, "te"),
    (0x0C80, 0x0CFF, "kn"),
    (0x0D00, 0x0D7F, "ml"),
    (0x0D80, 0x0DFF, "si"),
    (0x0E00, 0x0E7F, "th"),
    (0x0E80, 0x0EFF, "lo"),
    (0x0F00, 0x0FFF, "bo"),
    (0x1000, 0x109F, "my"),
    (0x10A0, 0x10FF, "ka"),
    (0x1200, 0x137F, "am"),
    (0x1780, 0x17FF, "km"),
    (0x3040, 0x30FF, "ja"),
    (0x31F0, 0x31FF, "ja"),
    (0x3400, 0x9FFF, "zh"),
    (0x1100, 0x11FF, "ko"),
    (0xAC00, 0xD7AF, "ko"),
)
LEAST: Final = 3  # letters
# Signs count for more than letters: a Latin name among them is longer, and says nothing.
SIGNS: Final = {"zh": 3, "ja": 2, "ko": 2}
KANA: Final = 8  # in a Japanese text at least one sign of so many is a syllable


def script_of(text: str) -> str:
    """Name the script that most of a text is in, or the one language that is written in it; "" for none."""
    counts: Counter[str] = Counter()
    for letter, times in Counter(text).items():
        if letter.isalpha():
            name = _name(ord(letter))
            counts[name] += times * SIGNS.get(name, 1)
    total = counts.total()
    if counts["ja"] and counts["ja"] + counts["zh"] > total / 2:
        return "ja" if counts["ja"] * KANA > counts["zh"] else "zh"
    name, most = max(counts.items(), key=lambda each: each[1], default=("", 0))
    return name if most > total / 2 and most >= LEAST else ""


def _name(point: int) -> str:
    return next((name for first, last, name in RANGES if first <= point <= last), "")
