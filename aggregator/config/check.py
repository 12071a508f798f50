"""Checks what tomllib read against the shapes, and makes the dataclasses of `Config` of it.

Hand-written, not pydantic: that costs 0.18 s of CPU to import in every command, knows nothing of places and feeds,
and its messages would all have to be replaced. Every problem is kept with the path of its value, and the walk goes on.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from aggregator.config.kinds import Context, Kind, Wrong
from aggregator.config.shapes import Key, Table, table
from aggregator.config.shown import guess, listed, quoted, shown, sort_of

Path = tuple[str | int, ...]
_FAULTY: Final = object()  # stands where a value is wrong
_VERBS: Final = ("is ", "has ", "contains ", "takes ")


@dataclass(frozen=True, slots=True)
class Problem:
    """A fault at a path; its place in the text is looked up later."""

    path: Path
    message: str
    at_key: bool = False  # at the key, not at its value
    other: Path | None = None  # what it clashes with


def told(name: str, message: str) -> str:
    """The message with the name of its key in front, as a sentence."""
    return f"{name} {message}" if message.startswith(_VERBS) else f"{name}: {message}"


def label(shape: Table, path: Path) -> str:
    """A table as its header is written."""
    if shape.name == "condition":
        return f"a line of {next(step for step in reversed(path) if isinstance(step, str))}"
    many = shape.name in table().keys and table().keys[shape.name].many
    return f"[[{shape.name}]]" if many else f"[{shape.name}]"


@dataclass(slots=True)
class Checker:
    """One walk over one file."""

    context: Context
    problems: list[Problem] = field(default_factory=list)

    def problem(self, path: Path, message: str, *, at_key: bool = False) -> object:
        """Keep a problem, and give what stands for the value."""
        self.problems.append(Problem(path, message, at_key))
        return _FAULTY

    def table(self, raw: object, shape: Table, path: Path = ()) -> Any:
        """The dataclass that a table becomes; a placeholder when anything in it is wrong."""
        if not isinstance(raw, dict):
            return self.problem(path, f"{shown(raw)} is {sort_of(raw)}; {_how_to_write(shape)}")
        before = len(self.problems)
        values = {}
        for name, value in raw.items():
            key = shape.keys.get(name)
            if key is None:
                self.problem((*path, name), _unknown(name, shape, path), at_key=True)
            else:
                values[name] = self._value(value, key, shape, (*path, name))
        for name, key in shape.keys.items():
            if key.required and name not in raw:
                self._missing(key, shape, path)
        if shape.name == "condition" and not raw:
            self.problem(
                path, "an empty { } would match every story; write what it shall match, or leave it out"
            )
        return shape.makes(**values) if len(self.problems) == before else _FAULTY

    def _missing(self, key: Key, shape: Table, path: Path) -> None:
        if isinstance(key.takes, Table):
            self.table({}, key.takes, (*path, key.name))
            return
        header = label(shape, path)
        self.problem(path, f'{header} {key.name} is missing; write {key.name} = "…" below {header}')

    def _value(self, value: object, key: Key, shape: Table, path: Path) -> object:
        if isinstance(key.takes, Table):
            return self._tables(value, key, key.takes, path)
        if not key.many:
            return self._one(value, key.takes, key.name, path)
        if not isinstance(value, list):
            return (self._one(value, key.takes, key.name, path),)
        if not value and (key.default or shape.name == "condition"):
            return self.problem(path, f"{key.name} is empty; name at least one, or leave the line out")
        values = [self._one(each, key.takes, key.name, (*path, number)) for number, each in enumerate(value)]
        return tuple(dict.fromkeys(values))

    def _one(self, value: object, kind: Kind, name: str, path: Path) -> object:
        try:
            return kind.read(value, self.context)
        except Wrong as wrong:
            return self.problem(path, told(name, str(wrong)))

    def _tables(self, value: object, key: Key, shape: Table, path: Path) -> object:
        """One table, or the list of them; brackets that are one too few or too many are named as that."""
        if not key.many:
            if isinstance(value, list):
                return self.problem(
                    path, f"[[{key.name}]] has two brackets, and there is only one; write: [{key.name}]"
                )
            return self.table(value, shape, path)
        if isinstance(value, dict) and len(path) == 1:
            self.problem(
                path, f"[{key.name}] has one bracket, and there may be several; write: [[{key.name}]]"
            )
            self.table(value, shape, path)
            return _FAULTY
        if not isinstance(value, list):
            return (self.table(value, shape, path),)
        return tuple(self.table(each, shape, (*path, number)) for number, each in enumerate(value))


def _how_to_write(shape: Table) -> str:
    """How a table is written, for somebody who wrote a single value."""
    if shape.name == "condition":
        return 'write what it shall match in braces, for example { headline = "…" } or { regions = "…" }'
    return f"write {label(shape, ())} on a line of its own, and its keys below it"


def _tables_of_the_file() -> list[Table]:
    return [key.takes for key in table().keys.values() if isinstance(key.takes, Table)]


def _unknown(name: str, shape: Table, path: Path) -> str:
    """What to say of a key that this table does not have: where it belongs, or what may be meant."""
    known = guess(name, shape.keys) or f"; known are {listed(shape.keys, most=30)}"
    if not shape.name:
        return f"{quoted(name)} is not known here{_home(name) or known}"
    what = f"{quoted(name)} is not known in {label(shape, path)}"
    if shape.name == "condition":
        return _too_low(name, path) or what + known
    return what + (_line_for(name, shape) or _home(name) or known)


def _too_low(name: str, path: Path) -> str:
    """A key of the table around, written below its conditions: `entries` after `[[section.include]]`."""
    outer = next(each for each in _tables_of_the_file() if each.name == path[0])
    place, header = next(step for step in reversed(path) if isinstance(step, str)), label(outer, ())
    if name not in outer.keys:
        return ""
    return (
        f"{name} is a key of {header} but stands in its {place}; write it above {place}, right below {header}"
    )


def _line_for(name: str, shape: Table) -> str:
    """A key of a condition, written without one: `regions` below `[[section]]`."""
    for key in shape.keys.values():
        if isinstance(key.takes, Table) and name in key.takes.keys:
            return f"; write {key.name} = {{ {name} = … }}"
    return ""


def _home(name: str) -> str:
    """The tables that have such a key."""
    homes = [label(each, ()) for each in _tables_of_the_file() if name in each.keys]
    return f"; it belongs below {listed(homes, last='or')}" if homes else ""
