"""A folded text as a row of tokens, and the row as a line of one letter a token, on which the forms are matched.

    sabtu, 08 januari 2022 - 05:06 wib
    W    , n  M       Y    - n :n  x

| letter | token |
|---|---|
| `n` `k` `Y` `z` `c` `9` | a number of one or two digits, of three, a year, another of four, of eight, any other |
| `M` `J` `W` `R` `H` | month, month of the solar Hijri year, weekday, "yesterday", half of the day |
| `f` `t` `o` | a word that may stand within a date, one right before a time, the ending of an ordinal number |
| `y` `m` `d` | marks of year, month and day as in 2022年1月8日 |
| `h` `i` `s` | marks of hour, minute and second |
| `x` | another word; any other sign is itself, or `~` |
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from aggregator.core.dates.folding import fold
from aggregator.core.dates.lexicon import Lexicon

# Vowels of the scripts of India, Thailand, Laos, Burma, Cambodia and Ethiopia, which are letters here.
_MARKS: Final = (
    "\u0900-\u0963\u0970-\u0dff\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ece"
    "\u1000-\u103f\u1780-\u17d3\u135d-\u135f"
)
_EAST: Final = (
    "\u2e80-\u2fdf\u3005-\u9fff\uac00-\ud7af\uf900-\ufaff"  # written without blanks: a token a sign
)
_LETTER: Final = rf"(?:(?![{_EAST}])[^\W\d_]|[{_MARKS}])"
TOKEN: Final = re.compile(rf"[0-9]+|[{_EAST}]|{_LETTER}+(?:['\"]{_LETTER}+)*|\S")
PLAIN: Final = frozenset(".,:-/|()+'[]")
WIDTHS: Final = {1: "n", 2: "n", 3: "k", 8: "c"}
EARLIEST_YEAR: Final = 1000
# What makes a number the eighth: English, French, Spanish and Portuguese, Catalan, Russian, Swedish, Hungarian,
# Mongolian, Finnish, Greek, Basque.
_ENDINGS: Final = "st nd rd th er eme e o a re го е ое ого ei an р ης η ն ին i"
ENDINGS: Final = frozenset(_ENDINGS.split())
MARKS: Final[Mapping[str, str]] = {
    **dict.fromkeys("年년", "y"),
    **dict.fromkeys("月월", "m"),
    **dict.fromkeys("日일号號", "d"),
}


class Token(NamedTuple):
    """One word, number or sign of a text."""

    kind: str  # one letter, see above
    text: str
    start: int  # in the folded text
    end: int
    value: int = (
        0  # of a number; the month, the weekday (Monday is 0), days from today; of a half, see `clock`
    )


@dataclass(frozen=True, slots=True)
class Row:
    """A text as tokens."""

    text: str
    tokens: tuple[Token, ...]
    line: str  # the kinds of the tokens


def split(text: str) -> list[Token]:
    """Cut a folded text into words, numbers and signs; words are all of kind `x`."""
    return [_token(found[0], found.start()) for found in TOKEN.finditer(text)]


def _token(text: str, start: int) -> Token:
    end = start + len(text)
    if text.isdecimal():
        return Token(_kind_of_number(text), text, start, end, int(text) if len(text) <= 8 else 0)
    if text[0].isalpha():
        return Token("x", text.replace("'", "").replace('"', ""), start, end)
    return Token(text if text in PLAIN else "~", text, start, end)


def _kind_of_number(text: str) -> str:
    if len(text) == 4:
        return "Y" if int(text) >= EARLIEST_YEAR else "z"
    return WIDTHS.get(len(text), "9")


def spell(name: str) -> str:
    """Write a name as the lexicon knows it: its words, folded, with one blank between; full stops do not count."""
    return " ".join(token.text for token in split(fold(name)) if token.kind not in ".'")


def annotate(text: str, language: str, lexicon: Lexicon) -> Row:
    """Cut a folded text into tokens that say what they are; `language` is a primary subtag, or ""."""
    raw = split(text)
    tokens: list[Token] = []
    place = 0
    while place < len(raw):
        token, place = _next(raw, place, language, lexicon)
        tokens.append(_after_number(token, tokens) if tokens else token)
    return Row(text, tuple(tokens), "".join(token.kind for token in tokens))


def _next(raw: list[Token], place: int, language: str, lexicon: Lexicon) -> tuple[Token, int]:
    """Give the token at a place, several words joined where they are one name, and the place after it."""
    token = raw[place]
    if token.kind != "x":
        return token, place + 1
    for name, after in reversed(list(_names(raw, place, lexicon.longest.get(token.text, 1)))):
        meaning = lexicon.meaning(name, language)
        if meaning is not None:
            return Token(meaning.kind, name, token.start, raw[after - 1].end, meaning.value), after
    return token, place + 1


def _names(raw: list[Token], place: int, longest: int) -> Iterator[tuple[str, int]]:
    """Give the names of one, two … words that begin at a place, and the place after each; full stops are passed."""
    words = [raw[place].text]
    place += 1
    yield words[0], place
    while len(words) < longest:
        while place < len(raw) and raw[place].kind == ".":
            place += 1
        if place == len(raw) or raw[place].kind not in "xn":
            return
        words.append(raw[place].text)
        place += 1
        yield " ".join(words), place


def _after_number(token: Token, tokens: Sequence[Token]) -> Token:
    """Say what a word right after a number is, an ending of it or a mark of the hour; no other word is one."""
    if not token.text[0].isalpha():
        return token
    before = tokens[-1].kind
    if before == "-" and len(tokens) > 1:
        before = tokens[-2].kind
    if before in "nYk":
        return token._replace(kind=_kind_after(token, before))
    return token._replace(kind="x") if token.kind in "his" else token


def _kind_after(token: Token, before: str) -> str:
    if before == "n" and token.kind in "xftW" and token.text in ENDINGS:
        return "o"
    return "x" if token.kind in "his" and before == "Y" else MARKS.get(token.text, token.kind)
