"""How feeds.toml writes a text and a duration (TOML 1.0)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

SECONDS: Final[Mapping[str, int]] = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_ESCAPES: Final = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", '"': '\\"', "\\": "\\\\"}
# TOML allows them, yet an editor would not see them: controls, what turns the direction of text, and what has no
# width. Joiners stay: words of some languages, and families of emoji, need them.
_UNSEEN: Final = re.compile(
    '[\x00-\x1f\x7f-\x9f"\\\\\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]'
)


def toml_string(text: str) -> str:
    """Write any text as a basic string of TOML 1.0, on one line; a lone surrogate becomes U+FFFD."""
    whole = re.sub("[\ud800-\udfff]", "\ufffd", text)
    return '"' + _UNSEEN.sub(lambda found: _ESCAPES.get(found[0]) or f"\\u{ord(found[0]):04X}", whole) + '"'


def written(duration: timedelta) -> str:
    """Write a duration in the largest unit that leaves no rest (`48h`, not `2d`)."""
    seconds = int(duration.total_seconds())
    if seconds and not seconds % SECONDS["d"] and seconds > 2 * SECONDS["d"]:
        return f"{seconds // SECONDS['d']}d"
    unit = next(unit for unit in ("h", "m", "s") if not seconds % SECONDS[unit]) if seconds else "s"
    return f"{seconds // SECONDS[unit]}{unit}"
