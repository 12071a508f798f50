"""Where everything stands in a TOML text: path -> offsets of key and value; tomllib keeps no positions.

The scanner reads the grammar of TOML 1.0 and no values. It runs only when there is a fault to be placed. Where it
cannot go on it raises `Stumble`, which knows more of the surroundings than tomllib's own error: `slips` names it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

Path = tuple[str | int, ...]
DEEPEST: Final = 60

_BLANK: Final = re.compile(r"[ \t]*")
_GAP: Final = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_LINE_END: Final = re.compile(r"[ \t]*(?:#[^\n]*)?(?:\r?\n|\Z)")
_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")
_BASIC: Final = re.compile(r'"[^"\\\n]*(?:\\[^\n][^"\\\n]*)*"')
_LITERAL: Final = re.compile(r"'[^'\n]*'")
_LONG_BASIC: Final = re.compile(r'"""(?:[^"\\]|\\[\s\S]|"(?!""))*+"{3,5}')
_LONG_LITERAL: Final = re.compile(r"'''(?:[^']|'(?!''))*+'{3,5}")
_ESCAPE: Final = re.compile(r'\\(?!["\\bfnrt]|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8})[^\n]?')
_LONG_ESCAPE: Final = re.compile(r'\\(?!["\\bfnrt]|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|[ \t\r]*\n)')
_BASIC_ESCAPES: Final = re.compile(r"\\[\s\S]")
_MINUTE: Final = "(?:[01][0-9]|2[0-3]):[0-5][0-9]"
_TIME: Final = rf"{_MINUTE}:[0-5][0-9](?:\.[0-9]+)?"
_SCALAR: Final = re.compile(
    r"(?:true|false|[+-]?(?:inf|nan)"
    rf"|[0-9]{{4}}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])(?:[Tt ]{_TIME}(?:[Zz]|[+-]{_MINUTE})?)?"
    rf"|{_TIME}"
    r"|0x[0-9A-Fa-f](?:_?[0-9A-Fa-f])*|0o[0-7](?:_?[0-7])*|0b[01](?:_?[01])*"
    r"|[+-]?(?:0|[1-9](?:_?[0-9])*)(?:\.[0-9](?:_?[0-9])*)?(?:[eE][+-]?[0-9](?:_?[0-9])*)?"
    r")(?=[\s,;\]}#]|\Z)"
)


@dataclass(eq=False)
class Stumble(Exception):
    """The text is no TOML from here on."""

    where: str  # what was expected: header | key | equals | value | string | escape | line-end | array-… | inline-…
    at: int  # the offset at which it did not come
    begun: int  # the offset of what was begun: the key, the string, the array, the inline table
    before: int = 0  # the end of the value before, where a comma is missing or too much
    within: tuple[int, ...] = ()  # offsets of the brackets that are open, outermost first
    path: Path = ()


@dataclass(slots=True)
class Scanner:
    """One pass over one text."""

    text: str
    places: dict[Path, tuple[int, int]] = field(default_factory=dict)  # offsets of key and value
    _at: int = 0
    _prefix: Path = ()
    _counts: dict[Path, int] = field(default_factory=dict)  # tables of an array of tables so far
    _headers: set[Path] = field(default_factory=set)
    _open: list[int] = field(default_factory=list)

    def scan(self) -> dict[Path, tuple[int, int]]:
        """Every path with its places; raises Stumble at the first slip, what came before being in `places`."""
        while True:
            self._skip(_GAP)
            if self._at >= len(self.text):
                return self.places
            begun = self._at
            if self.text[begun] == "[":
                self._header()
            else:
                self._pair(self._prefix, "key")
            match = _LINE_END.match(self.text, self._at)
            if match is None:
                end = self._at
                self._skip(_BLANK)
                raise self._stumble("line-end", begun, before=end)
            self._at = match.end()

    def _stumble(self, where: str, begun: int, *, before: int = 0, path: Path = ()) -> Stumble:
        return Stumble(where, self._at, begun, before, tuple(self._open), path)

    def _skip(self, pattern: re.Pattern[str]) -> None:
        match = pattern.match(self.text, self._at)
        self._at = match.end() if match else self._at

    def _next(self, characters: str) -> bool:
        """Whether these characters come next; they are passed when they do."""
        found = self.text.startswith(characters, self._at)
        self._at += len(characters) * found
        return found

    def _header(self) -> None:
        begun = self._at
        brackets = 2 if self.text.startswith("[[", begun) else 1
        self._at += brackets
        self._skip(_BLANK)
        parts = self._key("header")
        if not self._next("]" * brackets):
            raise self._stumble("header", begun)
        *outer, last = parts
        path: Path = ()
        for part in outer:
            path = self._element((*path, part))
            self.places.setdefault(path, (begun, begun))
        self._enter((*path, last), brackets, begun)

    def _element(self, path: Path) -> Path:
        """The path itself, or that of the last table there when it is an array of tables."""
        return (*path, self._counts[path] - 1) if path in self._counts else path

    def _enter(self, path: Path, brackets: int, begun: int) -> None:
        if brackets == 2:
            if path in self._headers:
                raise Stumble("array-after-table", begun, begun, path=path)
            number = self._counts.get(path, 0)
            self._counts[path] = number + 1
            self.places.setdefault(path, (begun, begun))
            path = (*path, number)
        elif path in self._counts:
            raise Stumble("table-after-array", begun, begun, path=path)
        elif path in self._headers:
            raise Stumble("table-twice", begun, begun, path=path)
        else:
            self._headers.add(path)
        self.places.setdefault(path, (begun, begun))
        self._prefix = path

    def _key(self, where: str) -> list[str]:
        parts = [self._key_part(where)]
        self._skip(_BLANK)
        while self._next("."):
            self._skip(_BLANK)
            parts.append(self._key_part(where))
            self._skip(_BLANK)
        return parts

    def _key_part(self, where: str) -> str:
        begun = self._at
        bare = _BARE.match(self.text, begun)
        if bare:
            self._at = bare.end()
            return bare.group()
        if self.text.startswith(('"', "'"), begun) and not self.text.startswith(('"""', "'''"), begun):
            self._string()
            return _unquoted(self.text[begun : self._at])
        raise self._stumble(where, begun)

    def _pair(self, prefix: Path, where: str) -> None:
        begun = self._at
        path = (*prefix, *self._key(where))
        if not self._next("="):
            raise self._stumble("inline-equals" if where == "inline-key" else "equals", begun)
        if path in self.places:
            raise self._stumble("twice", begun, before=self.places[path][0], path=path)
        for length in range(len(prefix) + 1, len(path)):
            self.places.setdefault(path[:length], (begun, begun))
        self._skip(_BLANK)
        self.places[path] = (begun, self._at)
        self._value(path, begun)

    def _value(self, path: Path, begun: int) -> None:
        start = self.text[self._at : self._at + 1]
        if start in ("[", "{") and start:
            if len(self._open) >= DEEPEST:
                raise self._stumble("deep", begun)
            self._open.append(self._at)
            self._array(path) if start == "[" else self._inline(path)
            self._open.pop()
        elif start in ('"', "'") and start:
            self._string()
        else:
            scalar = _SCALAR.match(self.text, self._at)
            if scalar is None:
                raise self._stumble("value", begun)
            self._at = scalar.end()

    def _string(self) -> None:
        begun = self._at
        long = self.text.startswith(('"""', "'''"), begun)
        basic = self.text[begun] == '"'
        pattern = ((_LITERAL, _LONG_LITERAL), (_BASIC, _LONG_BASIC))[basic][long]
        match = pattern.match(self.text, begun)
        if match is None:
            raise self._stumble("long-string" if long else "string", begun)
        if basic and "\\" in match.group():
            self._escapes(begun, match.end(), _LONG_ESCAPE if long else _ESCAPE)
        self._at = match.end()

    def _escapes(self, begun: int, end: int, wrong: re.Pattern[str]) -> None:
        for escape in _BASIC_ESCAPES.finditer(self.text, begun, end):
            if wrong.match(self.text, escape.start()):
                self._at = escape.start()
                raise self._stumble("escape", begun, before=end)

    def _array(self, path: Path) -> None:
        begun = self._at
        self._at += 1
        number = 0
        before = self._at
        while True:
            self._skip(_GAP)
            if self._next("]"):
                return
            self.places[*path, number] = (self._at, self._at)
            try:
                self._value((*path, number), self._at)
            except Stumble as stumble:
                if stumble.where == "value" and stumble.begun == stumble.at:
                    raise self._stumble("array-value", begun, before=before) from None
                raise
            before = self._at
            self._skip(_GAP)
            number += 1
            if not self._next(","):
                if self._next("]"):
                    return
                raise self._stumble("array-next", begun, before=before)
            before = self._at

    def _inline(self, path: Path) -> None:
        begun = self._at
        self._at += 1
        self._skip(_BLANK)
        if self._next("}"):
            return
        while True:
            self._inline_newline(begun)
            self._pair(path, "inline-key")
            before = self._at
            self._skip(_BLANK)
            if self._next("}"):
                return
            self._inline_newline(begun)
            comma = self._at
            if not self._next(","):
                raise self._stumble("inline-next", begun, before=before)
            self._skip(_BLANK)
            if self.text.startswith("}", self._at):
                raise self._stumble("inline-comma", begun, before=comma)

    def _inline_newline(self, begun: int) -> None:
        if self.text.startswith(("\n", "\r\n", "#"), self._at):
            raise self._stumble("inline-newline", begun)


def _unquoted(key: str) -> str:
    """The text of a quoted key; tomllib knows the escapes."""
    import tomllib

    try:
        return next(iter(tomllib.loads(f"{key}=0")))
    except ValueError:
        return key[1:-1]
