"""Choose a story's language between what is declared and what the text shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Final

from aggregator.core.language.alike import are_alike
from aggregator.core.language.evidence import LOOKED_AT, Evidence, detect, foreign_letters, share_of, weigh

AT_HOME: Final[Mapping[str, str]] = {
    "id": "id",
    "my": "ms",
    "bn": "ms",
    "sg": "ms",
}  # by the end of a host's name
ENOUGH: Final = 12  # words: fewer belie nobody
ITS_OWN: Final = 0.12  # share of common words in a text that is in a language
STRANGE: Final = 3  # letters of other languages at the beginning of a text for which it is looked at closely
CLEAR: Final = 0.35  # lead of another language that belies what is declared
CLEAR_POINTS: Final = 15.0
MOST: Final = 50  # texts of a feed that are looked at
VOTERS: Final = 12
FEWEST_VOTERS: Final = 3
MAJORITY: Final = 0.6
EACH: Final = 300  # characters of each text that a feed is told by


def choose(declared: str, text: str, *, feed: str = "") -> str:
    """Give the language of a text as BCP 47, "" when nothing tells it.

    `declared` is what its publisher says of it: it holds unless the text clearly belies it, as those of the many do
    that were left at en-US. Without it, `feed` - the language of the whole feed - decides where the text alone says
    too little, or one that is much like it.
    """
    if declared:
        return _other_than(declared, text) or declared
    if feed and _is_in(feed, text):
        return feed
    found = detect(text)
    if not found or (feed and are_alike(found, feed)):
        return feed
    return found


def spoken_in(declared: str, texts: Iterable[str], *, host: str = "") -> str:
    """Give the language of a feed: what it declares, unless its texts belie it, else what they show together.

    Between Indonesian and Malay the country of the host decides, unless the texts clearly do.
    """
    listed = [text[:EACH] for text in islice(texts, MOST)]
    pooled = _pooled(listed)
    if declared:
        return _other_than(declared, pooled) or _outvoted(declared, listed) or declared
    found = weigh(pooled)
    home = AT_HOME.get(host.rpartition(".")[2])
    if home and found.apart < CLEAR and are_alike(found.language, home):
        return home
    return choose("", pooled)


def _pooled(texts: Iterable[str]) -> str:
    pooled: list[str] = []
    length = 0
    for text in texts:
        pooled.append(text)
        length += len(text)
        if length > LOOKED_AT:
            break
    return "\n".join(pooled)


def _outvoted(declared: str, texts: Sequence[str]) -> str:
    """Give the language that most texts of a feed are in, where they are not all in one; else ""."""
    if share_of(declared, texts[0] if texts else "") >= ITS_OWN:
        return ""
    sure = [found.language for found in map(weigh, texts[:VOTERS]) if found.is_sure and found.words >= ENOUGH]
    if len(sure) < FEWEST_VOTERS:
        return ""
    language, votes = Counter(sure).most_common(1)[0]
    return language if votes > MAJORITY * len(sure) and not are_alike(language, declared) else ""


def _other_than(declared: str, text: str) -> str:
    """Give the language that a text is clearly in, where that is none like the one declared; else ""."""
    if _is_in(declared, text):
        return ""
    found = weigh(text)
    if are_alike(found.language, declared) or not (found.by_script or _is_clear(found, text)):
        return ""
    return found.language


def _is_in(language: str, text: str) -> bool:
    """Whether a glance shows that a text is in a language."""
    return share_of(language, text) >= ITS_OWN and foreign_letters(language, text) < STRANGE


def _is_clear(found: Evidence, text: str) -> bool:
    return (
        found.words >= ENOUGH
        and found.lead >= CLEAR
        and found.points >= CLEAR_POINTS
        and share_of(found.language, text) >= ITS_OWN
    )
