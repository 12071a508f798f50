"""Datelines: the place, often with a date and a wire, that opens a news text before a dash."""

from __future__ import annotations

import re
from typing import Final

_WORDS: Final = re.compile(r"[\s-]+")
_PARTICLES: Final = frozenset(("de", "la", "al", "el", "del", "of", "на", "am", "di"))
_LETTERS: Final = r"[^\W\d_]"
_PLACE: Final = rf"(?P<place>{_LETTERS}[\w'’.\- ]{{1,38}}?)"
_DATELINES: Final = (
    # ALMATY (Reuters) -   JAKARTA, Jan 8 (AFP) –   MOSCOW. Jan 8 (Interfax) -   (رويترز)
    re.compile(rf"{_PLACE}(?:[,.]\s[^()\n]{{2,30}}?)?\s*\([\w\s./&-]{{2,30}}\)(?=\s*[-–—:]{{1,2}}\s)"),
    # JAKARTA, KOMPAS.com –   МОСКВА, 8 янв —   Астана. 8 января. ТАСС —
    re.compile(rf"{_PLACE}[,.]\s[^()\n]{{2,40}}?(?=\s*[-–—]{{1,2}}\s)"),
    # TEMPO.CO, Jakarta -
    re.compile(
        rf"[\w-]{{2,20}}\.(?:com|co|id|net|org|tv|co\.id),\s*{_PLACE}(?=\s*[-–—]{{1,2}}\s)", re.IGNORECASE
    ),
    # BENGKALIS -   Jakarta -   Roma-
    re.compile(rf"{_PLACE}(?=\s*[-–—]{{1,2}}\s)"),
    # 新华社北京4月24日电
    re.compile(r"(?P<place>(?:新华社|中新社|中新网|本报)\S{1,12}?\d{1,2}月\d{1,2}日\s?[电電讯訊])"),
)


def read_dateline(paragraph: str) -> str | None:
    """The place line that opens a text, as written and without the dash; None when there is none."""
    head = paragraph[:110].lstrip()
    for number, pattern in enumerate(_DATELINES):
        match = pattern.match(head)
        if match and _is_dateline(match, head, bracketed=number == 0):
            return match[0].strip()
    return None


def _is_dateline(match: re.Match[str], head: str, *, bracketed: bool) -> bool:
    place, rest = match["place"].strip(), head[match.end() :].lstrip(" -–—:")
    if place.startswith(("新华社", "中新", "本报")):
        return True
    goes_on = place == match[0].strip() and rest[:1].islower()  # a sentence with a dash in it
    if goes_on or not rest or len(_WORDS.split(place)) > 5:
        return False
    if place.isupper():
        return True
    if bracketed:
        return _is_titled(place) or not _has_case(place)
    return _is_titled(place) and _is_plain_or_dated(match)


def _has_case(text: str) -> bool:
    return text.upper() != text.lower()


def _is_titled(place: str) -> bool:
    words = _WORDS.split(place)
    return len(words) <= 3 and all(word[:1].isupper() or word in _PARTICLES for word in words)


def _is_plain_or_dated(match: re.Match[str]) -> bool:
    """Whether nothing, a date or a proper name stands behind the place: "Jakarta", "Astana. 8 января. ТАСС"."""
    behind = match[0][len(match["place"]) :].strip()
    return not behind or any(sign.isdigit() or sign.isupper() for sign in behind)
