"""The kinds of values in feeds.toml: how each is read, and how the JSON Schema says the same.

A kind is one pair of a reader and a schema, so that the loader and the schema cannot drift apart. A reader gets
what TOML gave and returns the value that `Config` holds, or raises `Wrong` with the sentence that an editor reads.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Final, Protocol

from aggregator.config.shown import guess, listed, quoted, shown, sort_of
from aggregator.core.toml import SECONDS, written
from aggregator.model import ByteSize


class Wrong(Exception):
    """A value is not what its key takes; the message says so, and what to write, without naming the key."""


class Context(Protocol):
    """What a reader may need to know of the rest of the file."""

    @property
    def folder(self) -> Path:
        """Where relative paths start."""

    def region(self, name: str) -> str:
        """The code of a place; raises Wrong when the name is unknown or ambiguous."""

    def feeds(self, pattern: str) -> str:
        """The pattern, when a feed has that id or fits; raises Wrong otherwise."""

    def section(self, section_id: str) -> str:
        """The id, when a section has it; raises Wrong otherwise."""


EMPTY: Final = "is empty; write something between the quotes"
Reader = Callable[[object, Context], object]


@dataclass(frozen=True, slots=True)
class Kind:
    """What a key takes."""

    read: Reader
    schema: Mapping[str, object]


# Every limit below keeps `now` minus ten times the duration within what a datetime can say.
DURATION: Final = r"^(?:[0-9]{1,9}s|[0-9]{1,7}m|[0-9]{1,6}h|(?:[0-9]{1,4}|[1-3][0-9]{4})d)$"
_UNIT_WORDS: Final[Mapping[str, str]] = {"s": "second", "m": "minute", "h": "hour", "d": "day"}
# Other ways in which people write units, for the guess in a message. A bare number is most likely minutes.
_LOOSE_UNITS: Final[Mapping[str, int]] = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds", "detik"), 1),
    **dict.fromkeys(("", "m", "min", "mins", "minute", "minutes", "menit"), 60),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours", "jam"), 3600),
    **dict.fromkeys(("d", "day", "days", "hari"), 86400),
    **dict.fromkeys(("w", "week", "weeks", "minggu"), 604800),
}
SIZE: Final = r"^(?:[0-9]{1,13}B|[0-9]{1,10}[kK]B|[0-9]{1,7}MB|[0-9]{1,5}GB|[0-9]{1,3}TB)$"
_BYTES: Final[Mapping[str, int]] = {
    "b": 1,
    "kb": 1000,
    "mb": 1000**2,
    "gb": 1000**3,
    "tb": 1000**4,
}


_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_CONTROL_BUT_LINES: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def text(*, empty: bool = True, lines: bool = False, longest: int = 2000) -> Kind:
    """A text; `lines` allows line breaks."""

    def read(value: object, _: Context) -> str:
        given = as_text(value)
        if not given.strip() and (given or not empty):
            raise Wrong(EMPTY + (", or leave the line out" if empty else ""))
        if len(given) > longest:
            raise Wrong(f"is {len(given):,} characters long; the most is {longest:,}")
        control = (_CONTROL_BUT_LINES if lines else _CONTROL).search(given)
        if control:
            raise Wrong(control_in(control.group()))
        return given

    allowed = r"[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]" if lines else r"[^\x00-\x1f\x7f]"
    filled = rf"(?=[\s\S]*\S){allowed}+"
    pattern = rf"^(?:{filled})?$" if empty else rf"^{filled}$"
    return Kind(read, {"type": "string", "pattern": pattern, "maxLength": longest})


def control_in(control: str) -> str:
    """What to say of a control character in a text; most come from a backslash in double quotes."""
    what = {"\n": "a line break (\\n)", "\t": "a tab (\\t)", "\0": "a NUL character"}.get(
        control, "a control character"
    )
    return f"contains {what}; where a backslash is meant, write the text in '…' instead of \"…\""


def as_text(value: object) -> str:
    """The text that was given; raises Wrong for everything else, saying how to write it."""
    if isinstance(value, str):
        return value
    if isinstance(value, list | dict):
        raise Wrong(f"takes a text in quotes, not {sort_of(value)}")
    raise Wrong(f'{shown(value)} is no text; write it in quotes: "{shown(value)}"')


def pattern_text(
    pattern: str, explain: Callable[[str], str], *, longest: int = 2000, empty: bool = False
) -> Kind:
    """A text that fits a pattern; `explain` says of one that does not what is wrong and what to write."""
    fits = re.compile(pattern).fullmatch

    def read(value: object, _: Context) -> str:
        given = as_text(value)
        if empty and not given:
            return given
        if not given:
            raise Wrong(EMPTY)
        if len(given) > longest:
            raise Wrong(f"is {len(given):,} characters long; the most is {longest:,}")
        if not fits(given):
            raise Wrong(explain(given))
        return given

    schema: dict[str, object] = {"type": "string", "pattern": pattern, "maxLength": longest}
    return Kind(read, or_empty_schema(schema) if empty else schema)


def or_empty_schema(schema: Mapping[str, object]) -> dict[str, object]:
    """The schema of a kind for which "" means "none"; if/then/else gives clearer messages than anyOf."""
    return {"if": {"const": ""}, "then": {}, "else": dict(schema)}


def empty_means_none(kind: Kind) -> Kind:
    """The kind, with "" for None."""

    def read(value: object, context: Context) -> object:
        return None if value == "" else kind.read(value, context)

    return Kind(read, or_empty_schema(kind.schema))


def or_empty(kind: Kind) -> Kind:
    """The kind, with "" left as it is."""

    def read(value: object, context: Context) -> object:
        return value if value == "" else kind.read(value, context)

    return Kind(read, or_empty_schema(kind.schema))


def _read_flag(value: object, _: Context) -> bool:
    if isinstance(value, bool):
        return value
    word = str(value).strip().casefold()
    quotes = ", without quotes" if isinstance(value, str) else ""
    if word in {"true", "yes", "on", "ya", "1"}:
        raise Wrong(f"{shown(value)} is {sort_of(value)}; write true{quotes}")
    if word in {"false", "no", "off", "tidak", "0"}:
        raise Wrong(f"{shown(value)} is {sort_of(value)}; write false{quotes}")
    raise Wrong(f"{shown(value)} is {sort_of(value)}; write true or false{quotes}")


FLAG: Final = Kind(_read_flag, {"type": "boolean"})


def number(lowest: int, highest: int, *, usual: int) -> Kind:
    """A whole number between two bounds, both included; `usual` is the one to write when none is meant."""

    def read(value: object, _: Context) -> int:
        if isinstance(value, str) and re.fullmatch(r"\s*-?[0-9]{1,9}\s*", value):
            raise Wrong(f"{shown(value)} stands in quotes; write {int(value)}")
        if isinstance(value, bool) or not isinstance(value, int):
            raise Wrong(f"{shown(value)} is no whole number; write one like {usual}")
        if value < lowest:
            raise Wrong(f"{shown(value)} is too small; the least is {lowest:,}")
        if value > highest:
            raise Wrong(f"{shown(value)} is too large; the most is {highest:,}")
        return value

    return Kind(read, {"type": "integer", "minimum": lowest, "maximum": highest})


def choice(names: Sequence[str] | type[StrEnum]) -> Kind:
    """One of a few words."""
    words = [str(name) for name in names]
    turn: Callable[[str], str] = names if isinstance(names, type) else str

    def read(value: object, _: Context) -> str:
        given = as_text(value)
        if given not in words:
            options = listed((f'"{word}"' for word in words), last="or")
            raise Wrong(f"{quoted(given)} is not known here; write {options}{guess(given, words)}")
        return turn(given)

    return Kind(read, {"type": "string", "enum": words})


def parse_duration(value: str) -> timedelta | None:
    """The duration written as `90s`, `15m`, `24h` or `400d`; None when it is written otherwise."""
    if not re.fullmatch(DURATION, value):
        return None
    return timedelta(seconds=int(value[:-1]) * SECONDS[value[-1]])


def in_words(duration: timedelta) -> str:
    """A duration for people: `48 hours`."""
    text_form = written(duration)
    count = int(text_form[:-1])
    return f"{count} {_UNIT_WORDS[text_form[-1]]}{'' if count == 1 else 's'}"


def meant_duration(given: str) -> str | None:
    """The duration that `15`, `15 min`, `1h30m` or `2 jam` most likely means, as it has to be written."""
    loose = re.findall(r"([0-9]+(?:[.,][0-9]+)?)\s*([a-z]*)", given.casefold())
    rest = re.sub(r"[0-9]+(?:[.,][0-9]+)?\s*[a-z]*|\s", "", given.casefold())
    if not loose or rest not in ("", "-") or any(unit not in _LOOSE_UNITS or len(n) > 9 for n, unit in loose):
        return None
    seconds = sum(float(count.replace(",", ".")) * _LOOSE_UNITS[unit] for count, unit in loose)
    if not 1 <= seconds < 10**9:
        return None
    meant = written(timedelta(seconds=round(seconds)))
    return meant if parse_duration(meant) else None


def _write_duration(value: object) -> str:
    """`write "15m" for 15 minutes`, where that can be guessed, else how durations look."""
    meant = meant_duration(str(value))
    parsed = parse_duration(meant) if meant else None
    if parsed is None:
        return 'write for example "90s", "15m", "24h" or "400d"'
    return f'write "{meant}" for {in_words(parsed)}'


def duration(*, least: int = 0) -> Kind:
    """A duration of at least so many seconds (0 or 1)."""

    def read(value: object, _: Context) -> timedelta:
        given = parse_duration(value) if isinstance(value, str) else None
        if given is None:
            negative = str(value).lstrip().startswith("-")
            what = "is less than nothing" if negative else "is no duration"
            raise Wrong(f"{shown(value)} {what}; {_write_duration(value)}")
        if given.total_seconds() < least:
            raise Wrong(f'{shown(value)} is too short; the least is "{least}s"')
        return given

    schema: dict[str, object] = {"type": "string", "pattern": DURATION}
    if least:
        schema["not"] = {"pattern": "^0+[smhd]$"}
    return Kind(read, schema)


def parse_size(value: str) -> ByteSize | None:
    """The size written as `500kB`, `10MB` or `2GB`; None when it is written otherwise."""
    if not re.fullmatch(SIZE, value):
        return None
    count, unit = value.rstrip("kKMGTB"), value.lstrip("0123456789")
    return ByteSize(int(count) * _BYTES[unit.casefold()])


def meant_size(given: str) -> str | None:
    """The size that `10 mb`, `10M`, `1.5GB` or `10MiB` most likely means, as it has to be written."""
    loose = re.fullmatch(
        r"\s*-?([0-9]{1,12})(?:[.,]([0-9]))?\s*([kmgt]?)(?:i?b|bytes?)?\s*", given.casefold()
    )
    if loose is None:
        return None
    unit = (loose[3] or "m").upper()
    if loose[2] and unit != "K":
        return f"{loose[1]}{loose[2]}00{'KMGT'['KMGT'.index(unit) - 1]}B"
    return f"{loose[1]}{unit}B"


def _read_size(value: object, _: Context) -> ByteSize:
    size = parse_size(value) if isinstance(value, str) else None
    if size is None:
        negative = str(value).lstrip().startswith("-")
        what = "is less than nothing" if negative else "is no size"
        meant = meant_size(str(value)) or "10MB"
        raise Wrong(f'{shown(value)} {what}; write for example "{meant}" (B, kB, MB, GB or TB)')
    if not size:
        raise Wrong(f"{shown(value)} is too small; leave the line out for the default")
    return size


SIZE_KIND: Final = Kind(_read_size, {"type": "string", "pattern": SIZE, "not": {"pattern": "^0+[kKMGT]?B$"}})
