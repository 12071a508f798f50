"""A text under correction, which still knows where each of its characters stood in the file."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from aggregator.config.shown import redacted

LONGEST_LINE: Final = 160


@dataclass(frozen=True, slots=True)
class Edit:
    """Put `new` in place of `start:end`; offsets in the text as it is before any edit of the same slip."""

    start: int
    end: int
    new: str


@dataclass(frozen=True, slots=True)
class Slip:
    """A slip that is understood: where, what, and how the text would be right."""

    at: int  # offset in the text as it is now
    message: str
    edits: tuple[Edit, ...] = ()  # (): nothing can be proposed, and what follows cannot be read
    write: str | None = None  # instead of the corrected line; "": nothing is proposed


@dataclass(slots=True)
class Draft:
    """The text of a file, and what it becomes."""

    original: str
    text: str = ""
    _origin: list[int] = field(
        default_factory=list
    )  # offset in the original of each character, and of the end

    def __post_init__(self) -> None:
        self.text = self.original

    def apply(self, edits: Sequence[Edit]) -> None:
        """Make the edits; they must not overlap."""
        if not self._origin:
            self._origin = list(range(len(self.original) + 1))
        for edit in sorted(edits, key=lambda each: each.start, reverse=True):
            self.text = self.text[: edit.start] + edit.new + self.text[edit.end :]
            self._origin[edit.start : edit.end] = [self._origin[edit.start]] * len(edit.new)

    def origin(self, offset: int) -> int:
        """Where in the file the character at an offset of the text stood, or what it replaced."""
        return self._origin[min(offset, len(self._origin) - 1)] if self._origin else offset

    def corrected(self, first: int, last: int) -> str:
        """What the lines between two offsets of the file have become, shortened, on one line, without secrets."""
        start = self.original.rfind("\n", 0, first) + 1
        end = self.original.find("\n", last)
        end = len(self.original) if end < 0 else end
        # An insertion at the end of a line has the origin of the line break; the break itself comes after it.
        text = self.text[bisect_left(self._origin, start) : bisect_right(self._origin, end) - 1].strip()
        line = re.sub(r"\s*\n\s*", " and on the next line ", redacted(text)).replace("\t", " ")
        return line if len(line) <= LONGEST_LINE else line[:LONGEST_LINE] + "…"
