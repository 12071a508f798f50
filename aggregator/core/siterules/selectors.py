"""CSS selectors as site rules use them (Selectors Level 4, the part that tells one element of a page from another).

Of our own and not bs4's: the page stands there as a tree of lxml already, to make one of bs4 of it costs more than
all else that is done with it (docs/architecture.md has the measurement); what can be refused with a column and
counted in steps is ours to bound. soupsieve, which bs4 uses, is held against it in the tests.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

LONGEST: Final = 400  # characters of one selector
MOST_PARTS: Final = 12  # compounds in a row
MOST_ALTERNATIVES: Final = 12  # between commas
DEEPEST: Final = 2  # selectors within the brackets of selectors
_NAME: Final = re.compile(r"-?(?:[^\W\d]|\\.)(?:[\w-]|\\.)*|--(?:[\w-]|\\.)+")
_WORD: Final = re.compile(r"(?:[\w-]|\\.)+")  # after # a name may begin with a digit in what papers write
_STRING: Final = re.compile(r"\"((?:[^\"\\\n]|\\.)*)\"|'((?:[^'\\\n]|\\.)*)'")
_BLANK: Final = re.compile(r"[ \t\r\n\f]*")
_OPERATOR: Final = re.compile(r"[~|^$*]?=")
_ESCAPE: Final = re.compile(r"\\(?:([0-9a-fA-F]{1,6})[ \t\n]?|(.))", re.DOTALL)
_NTH: Final = re.compile(r"\s*(?:(odd|even)|([+-]?\d*)n\s*(?:([+-])\s*(\d+))?|([+-]?\d+))\s*", re.IGNORECASE)
_COMBINATORS: Final = ">+~"
_PLACES: Final = {
    "first-child": (0, 1, False, False),
    "last-child": (0, 1, True, False),
    "first-of-type": (0, 1, False, True),
    "last-of-type": (0, 1, True, True),
}
_COUNTED: Final = {
    "nth-child": (False, False),
    "nth-last-child": (True, False),
    "nth-of-type": (False, True),
    "nth-last-of-type": (True, True),
}
_INSIDE: Final = frozenset({"not", "is", "where", "has"})
_KNOWN: Final = (
    ":not(), :is(), :has(), :contains(), :first-child, :last-child, :nth-child(), the same with of-type, "
    ":only-child, :empty"
)


class SelectorError(ValueError):
    """A text is no selector that can be used; `column` counts from 1 in it."""

    def __init__(self, message: str, column: int) -> None:
        super().__init__(message)
        self.column = column


@dataclass(frozen=True, slots=True)
class Attribute:
    """`[name]`, or `[name operator value]`."""

    name: str
    operator: str = ""  # = ~= |= ^= $= *=; "": it is there
    value: str = ""
    folds: bool = False  # `i`: any case


@dataclass(frozen=True, slots=True)
class Place:
    """`:nth-child(an+b)` and its kin."""

    step: int
    offset: int
    from_end: bool
    of_type: bool


@dataclass(frozen=True, slots=True)
class Inner:
    """`:not(…)`, `:is(…)`, `:has(…)`, with the selectors in its brackets."""

    kind: str  # not | is | has
    chains: tuple[Chain, ...]


@dataclass(frozen=True, slots=True)
class Compound:
    """What one element must be: everything here at once."""

    tag: str = ""  # "": any
    ids: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    attributes: tuple[Attribute, ...] = ()
    places: tuple[Place, ...] = ()
    inner: tuple[Inner, ...] = ()
    words: tuple[str, ...] = ()  # `:contains("…")`
    is_empty: bool = False


@dataclass(frozen=True, slots=True)
class Chain:
    """Compounds and what joins each to the one before it: " ", ">", "+" or "~"."""

    parts: tuple[tuple[str, Compound], ...]  # the last is the element that is looked for


@dataclass(frozen=True, slots=True)
class Selector:
    """A selector, and which attribute of what it finds is the value."""

    text: str
    chains: tuple[Chain, ...]
    attribute: str = ""  # "": the element's text


@lru_cache(maxsize=4096)
def compiled(text: str) -> Selector:
    """Read a selector, once for each text; raises SelectorError."""
    if len(text) > LONGEST:
        raise SelectorError(f"it is {len(text):,} characters long; the most is {LONGEST}", 1)
    return _Reader(text).selector()


def _unescaped(text: str) -> str:
    def one(match: re.Match[str]) -> str:
        code = int(match[1], 16) if match[1] else 0
        return str(match[2]) if not match[1] else chr(code) if 0 < code < 0xD800 else "\ufffd"

    return _ESCAPE.sub(one, text)


class _Reader:
    """Reads one text from its beginning to its end."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.parts = 0

    def selector(self) -> Selector:
        chains = self.chains(depth=0)
        attribute = ""
        if self._take("@"):
            attribute = self._name("the name of an attribute must follow the @, as in time@datetime")
            self._blanks()
        if self.at < len(self.text):
            sign = self.text[self.at]
            hint = (
                "; after an attribute the selector ends: write each in a text of its own" if attribute else ""
            )
            raise self.error(f"{sign!r} cannot stand here{hint}")
        return Selector(self.text, chains, attribute.lower())

    def error(self, message: str) -> SelectorError:
        return SelectorError(message, min(self.at, len(self.text)) + 1)

    def _blanks(self) -> bool:
        match = _BLANK.match(self.text, self.at)
        before, self.at = self.at, match.end() if match else self.at
        return self.at > before

    def _take(self, sign: str) -> bool:
        if self.text.startswith(sign, self.at):
            self.at += len(sign)
            return True
        return False

    def _match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        match = pattern.match(self.text, self.at)
        if match is not None:
            self.at = match.end()
        return match

    def _name(self, wanted: str, pattern: re.Pattern[str] = _NAME) -> str:
        match = self._match(pattern)
        if match is None:
            raise self.error(wanted)
        return _unescaped(match[0])

    def chains(self, *, depth: int, relative: bool = False) -> tuple[Chain, ...]:
        """Read selectors between commas; a relative one may begin with what joins it to the element around."""
        found = []
        while True:
            self._blanks()
            found.append(self._chain(depth=depth, relative=relative))
            self._blanks()
            if not self._take(","):
                break
        if len(found) > MOST_ALTERNATIVES:
            raise self.error(f"more than {MOST_ALTERNATIVES} selectors between commas; write them as a list")
        return tuple(found)

    def _chain(self, *, depth: int, relative: bool) -> Chain:
        parts: list[tuple[str, Compound]] = []
        joint = " "
        if relative and self._sign():
            joint = self.text[self.at - 1]
            self._blanks()
        while True:
            parts.append((joint, self._compound(depth)))
            self.parts += 1
            if self.parts > MOST_PARTS:
                raise self.error(f"more than {MOST_PARTS} elements in one selector; a shorter one will do")
            apart = self._blanks()
            if self._sign():
                joint = self.text[self.at - 1]
                self._blanks()
            elif apart and self.at < len(self.text) and self.text[self.at] not in ",)@":
                joint = " "
            else:
                return Chain(tuple(parts))

    def _sign(self) -> bool:
        return any(self._take(sign) for sign in _COMBINATORS)

    def _compound(self, depth: int) -> Compound:
        draft = _Draft()
        tag = self._match(_NAME)
        if tag is not None:
            draft.tag = _unescaped(tag[0]).lower()
        begun = tag is not None or self._take("*")
        while self._simple(draft, depth):
            begun = True
        if not begun:
            here = f"{self.text[self.at]!r}" if self.at < len(self.text) else "the end"
            raise self.error(f"an element is missing before {here}; write for example div, .class or #id")
        return draft.compound()

    def _simple(self, draft: _Draft, depth: int) -> bool:
        """Read one of `.class`, `#id`, `[…]`, `:…`; False where none begins."""
        sign = self.text[self.at : self.at + 1]
        read = {".": self._class, "#": self._id, "[": self._attribute}.get(sign)
        if read is not None:
            self.at += 1
            read(draft)
        elif sign == ":":
            self.at += 1
            self._pseudo(draft, depth)
        return sign != "" and sign in ".#[:"

    def _class(self, draft: _Draft) -> None:
        draft.classes.append(self._name("the name of a class must follow the dot"))

    def _id(self, draft: _Draft) -> None:
        draft.ids.append(self._name("the name of an id must follow the #", _WORD))

    def _attribute(self, draft: _Draft) -> None:
        self._blanks()
        name = self._name("the name of an attribute must follow the [").lower()
        self._blanks()
        operator = self._match(_OPERATOR)
        value, folds = "", False
        if operator is not None:
            self._blanks()
            value = self._value()
            self._blanks()
            folds = self._take("i") or self._take("I")
            self._blanks()
        if not self._take("]"):
            raise self.error("the ] is missing; write for example [name='author']")
        draft.attributes.append(Attribute(name, operator[0] if operator else "", value, folds))

    def _value(self) -> str:
        string = self._match(_STRING)
        if string is not None:
            return _unescaped(string[1] if string[1] is not None else string[2])
        return self._name("a value must stand here, in quotes", _WORD)

    def _pseudo(self, draft: _Draft, depth: int) -> None:
        start = self.at
        name = self._name("the name of a pseudo-class must follow the colon").lower()
        if name in _PLACES:
            draft.places.append(Place(*_PLACES[name]))
        elif name == "only-child":
            draft.places += (Place(*_PLACES["first-child"]), Place(*_PLACES["last-child"]))
        elif name == "empty":
            draft.is_empty = True
        elif name in _COUNTED:
            self._bracketed(lambda: draft.places.append(self._counted(*_COUNTED[name])))
        elif name in ("contains", "-soup-contains"):
            self._bracketed(lambda: draft.words.append(self._value()))
        elif name in _INSIDE:
            self._bracketed(lambda: draft.inner.append(self._inner(name, depth)))
        else:
            self.at = start
            raise self.error(f":{name} is not known; known are {_KNOWN}")

    def _bracketed(self, read: Callable[[], None]) -> None:
        if not self._take("("):
            raise self.error("a ( must follow")
        self._blanks()
        read()
        self._blanks()
        if not self._take(")"):
            raise self.error("the ) is missing")

    def _inner(self, name: str, depth: int) -> Inner:
        if depth >= DEEPEST:
            raise self.error("too many brackets within brackets")
        chains = self.chains(depth=depth + 1, relative=name == "has")
        return Inner("is" if name == "where" else name, chains)

    def _counted(self, from_end: bool, of_type: bool) -> Place:
        match = self._match(_NTH)
        if match is None or len(match[0]) > 20:
            raise self.error("write a number here, odd, even, or 2n+1")
        word, step, sign, offset, number = match.groups()
        if word:
            return Place(2, 1 if word.lower() == "odd" else 0, from_end, of_type)
        if number:
            return Place(0, int(number), from_end, of_type)
        steps = {"": 1, "+": 1, "-": -1}.get(step)
        return Place(
            int(step) if steps is None else steps, int(f"{sign or ''}{offset or 0}"), from_end, of_type
        )


class _Draft:
    """A compound while it is read."""

    def __init__(self) -> None:
        self.tag = ""
        self.ids: list[str] = []
        self.classes: list[str] = []
        self.attributes: list[Attribute] = []
        self.places: list[Place] = []
        self.inner: list[Inner] = []
        self.words: list[str] = []
        self.is_empty = False

    def compound(self) -> Compound:
        return Compound(
            self.tag,
            tuple(self.ids),
            tuple(self.classes),
            tuple(self.attributes),
            tuple(self.places),
            tuple(self.inner),
            tuple(self.words),
            self.is_empty,
        )
