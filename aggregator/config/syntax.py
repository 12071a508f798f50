"""Reads TOML; when that fails, tells every slip in an editor's words and reads on behind it."""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Any, Final

from aggregator.config.draft import Draft, Slip
from aggregator.config.shown import visible
from aggregator.errors import ConfigError, Fault

Path = tuple[str | int, ...]
MOST_SLIPS: Final = 50
_TOML_PLACE: Final = re.compile(r"\(at line (\d+), column (\d+)\)")


@dataclass(frozen=True, slots=True)
class _Told:
    """A slip that was found, with its place and the stretch of its edits in the file as it was given."""

    slip: Slip
    at: tuple[int, int]
    first: int
    last: int


@dataclass(slots=True)
class Source:
    """A file's text, its slips, and the place of everything in it."""

    file: str
    draft: Draft
    faults: list[Fault] = field(default_factory=list)
    filled: set[int] = field(
        default_factory=set
    )  # lines that say nothing yet: what is put there is a stand-in
    _lines: list[int] = field(default_factory=list)  # offsets in the original at which lines begin
    _places: dict[Path, tuple[int, int]] | None = None

    def line_and_column(self, offset: int) -> tuple[int, int]:
        """Line and column, both from 1, of an offset of the draft, in the file as it was given."""
        if not self._lines:
            self._lines = [0, *(match.end() for match in re.finditer("\n", self.draft.original))]
        original = self.draft.origin(offset)
        line = bisect_right(self._lines, original)
        return line, original - self._lines[line - 1] + 1

    def place(self, path: Path, *, at_key: bool) -> tuple[int, int]:
        """Line and column of a value (or of its key), else of the nearest table around it."""
        if self._places is None:
            self._places = _places(self.draft.text)
        for length in range(len(path), 0, -1):
            found = self._places.get(path[:length])
            if found is not None:
                return self.line_and_column(found[0 if at_key or length < len(path) else 1])
        return 1, 1

    def fault(self, at: tuple[int, int], message: str) -> Fault:
        """A fault of this file; its message may have any text of the file in it."""
        return Fault(file=self.file, line=at[0], column=at[1], message=visible(message))


def _places(text: str) -> dict[Path, tuple[int, int]]:
    from aggregator.config.scanner import Scanner, Stumble  # only files with faults need it

    scanner = Scanner(text)
    try:
        return scanner.scan()
    except Stumble:  # what is nested deeper than the scanner goes: the places before it are known
        return scanner.places


def parse(text: str, *, file: str) -> tuple[Source, dict[str, Any]]:
    """The source and what tomllib reads in it, slips corrected; raises ConfigError where that cannot be done."""
    source = Source(file, Draft(text))
    told: list[_Told] = []
    while True:
        try:
            raw = tomllib.loads(source.draft.text)
        except (ValueError, RecursionError) as error:
            stop = _mend(source, error, told)
        else:
            source.faults = _faults(source, told)
            return source, raw
        if stop is not None:
            raise ConfigError([*_faults(source, told), *stop])


def _mend(source: Source, error: Exception, told: list[_Told]) -> list[Fault] | None:
    """Find the first slip, keep it, and correct it; what must be told besides, when reading cannot go on."""
    from aggregator.config.slips import slip_in  # only files with faults need it

    slip = slip_in(source.draft.text)
    if slip is None:
        return [source.fault(_toml_place(error), _plain(error))]
    at = source.line_and_column(slip.at)
    first = source.draft.origin(min((edit.start for edit in slip.edits), default=slip.at))
    last = source.draft.origin(max((edit.end for edit in slip.edits), default=slip.at))
    before = source.draft.text
    told.append(_Told(slip, at, first, last))
    source.draft.apply(slip.edits)
    return [] if source.draft.text == before or len(told) >= MOST_SLIPS else None


def _faults(source: Source, told: list[_Told]) -> list[Fault]:
    """One fault a line: the first slip there, with the line as it is when all of them are corrected."""
    faults: dict[int, Fault] = {}
    for each in told:
        write = each.slip.write
        if write is None:
            write = source.draft.corrected(each.first, each.last) if each.slip.edits else ""
        message = f"{each.slip.message}; write: {write}" if write else each.slip.message
        faults.setdefault(each.at[0], source.fault(each.at, message))
        if each.slip.write is not None:
            source.filled.add(each.at[0])
    return list(faults.values())


def _toml_place(error: Exception) -> tuple[int, int]:
    match = _TOML_PLACE.search(str(error))
    return (int(match[1]), int(match[2])) if match else (1, 1)


def _plain(error: Exception) -> str:
    """What tomllib alone noticed, in plain words."""
    words = str(error)
    if "date" in words:
        return "this date or time does not exist; a text that looks like one stands in quotes"
    if "overwrite" in words or "mutate" in words or "twice" in words:
        return "this was given a value before, in another way; keep one of the two"
    if "digits" in words:
        return "a number in this file is far too long"
    return "this line is not understood; compare it with the examples in docs/configuration.md"
