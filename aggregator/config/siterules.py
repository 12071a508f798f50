"""Reads site rules: `sites/*.toml` beside feeds.toml, which editors write, and those that come with the program."""

from __future__ import annotations

import os
import re
import stat
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from hashlib import blake2b
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from aggregator.config.load import read
from aggregator.config.shown import guess, listed, quoted, shown, sort_of
from aggregator.config.syntax import Source, parse
from aggregator.config.words import is_zone
from aggregator.core.siterules.dates import FormatError
from aggregator.core.siterules.dates import compiled as compiled_format
from aggregator.core.siterules.rules import SiteRules, hosts_twice
from aggregator.core.siterules.selectors import SelectorError, compiled
from aggregator.core.urls import host_of
from aggregator.errors import ConfigError, Fault
from aggregator.model import RULE_FIELDS, SiteRule

FOLDER: Final = "sites"
LARGEST_FILE: Final = 64_000
MOST_FILES: Final = 1_000
MOST_VALUES: Final = 40  # of one key
NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
SELECTORS: Final = ("detect", *RULE_FIELDS, "remove")
_HOST: Final = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)+")
KEYS: Final = ("hosts", "detect", *RULE_FIELDS, "remove", "date_format", "timezone", "note")
Stamp = tuple[tuple[str, int, int, int], ...]  # name, inode, size and modification time of each file


def beside(feeds_file: Path) -> tuple[tuple[SiteRule, ...], list[Fault]]:
    """The rules of editors' own beside a feeds.toml, and every fault of them; one with a fault is left out."""
    return own_rules(feeds_file.absolute().parent / FOLDER, shown_as=feeds_file.parent / FOLDER)


def in_force(own: Sequence[SiteRule]) -> SiteRules:
    """Every rule there is: editors' own, and those that come with the program."""
    return SiteRules(own=tuple(own), shipped=shipped())


def stamp(feeds_file: Path) -> Stamp:
    """What changes when a rule beside a feeds.toml is saved, added or taken away."""
    try:
        with os.scandir(feeds_file.absolute().parent / FOLDER) as found:
            entries = [(each.name, each.stat()) for each in found if each.name.endswith(".toml")]
    except OSError:
        return ()
    return tuple(sorted((name, seen.st_ino, seen.st_size, seen.st_mtime_ns) for name, seen in entries))


@cache
def shipped() -> tuple[SiteRule, ...]:
    """The rules that come with the program; the tests check them as editors' own are checked."""
    folder = files("aggregator") / FOLDER
    found = sorted(each.name for each in folder.iterdir() if each.name.endswith(".toml"))
    texts = ((name.removesuffix(".toml"), (folder / name).read_text("utf-8")) for name in found)
    return tuple(_rule(name, tomllib.loads(text), shipped=True) for name, text in texts)


def own_rules(folder: Path, *, shown_as: Path | None = None) -> tuple[tuple[SiteRule, ...], list[Fault]]:
    """The rules in a folder, by name, and every fault of its files; no folder, no rules."""
    named = shown_as or folder
    try:
        names = sorted(name for name in os.listdir(folder) if name.endswith(".toml"))
    except FileNotFoundError:
        return (), []
    except OSError as error:
        return (), [_fault(str(named), f"the folder of site rules cannot be read: {error.strerror}")]
    if len(names) > MOST_FILES:
        return (), [_fault(str(named), f"there are {len(names):,} site rules; the most is {MOST_FILES:,}")]
    rules: list[SiteRule] = []
    faults: list[Fault] = []
    for name in names:
        rule, told = _file(folder / name, str(named / name))
        faults += told
        rules += [rule] if rule is not None else []
    for first, second, host in hosts_twice(rules):
        message = f"hosts: {quoted(host)} stands in {first.name}.toml as well; keep one of the two"
        faults.append(_fault(str(named / f"{second.name}.toml"), message))
    return tuple(rules), faults


def _fault(file: str, message: str) -> Fault:
    return Fault(file=file, line=1, column=1, message=message)


def _file(path: Path, named: str) -> tuple[SiteRule | None, list[Fault]]:
    name = path.name.removesuffix(".toml")
    if not NAME.fullmatch(name):
        message = "the name of this file must be of a-z, 0-9 and -, as in riau-harian.toml"
        return None, [_fault(named, message)]
    try:
        text = _text(path)
        source, raw = parse(text, file=named)
    except ConfigError as error:
        return None, [Fault(file=named, line=each.line, column=each.column, message=each.message)
                      for each in error.faults]  # fmt: skip
    faults = [*source.faults, *_Checker(source, raw).faults()]
    if faults:
        return None, sorted(set(faults), key=lambda each: (each.line, each.column, each.message))
    return _rule(name, raw, shipped=False), []


def _text(path: Path) -> str:
    seen = path.stat() if path.exists() else None
    if seen is not None and stat.S_ISREG(seen.st_mode) and seen.st_size > LARGEST_FILE:
        raise ConfigError(
            [_fault(str(path), f"the file has {seen.st_size:,} bytes; the most is {LARGEST_FILE:,}")]
        )
    return read(path)


def rule_faults(name: str, text: str) -> list[Fault]:
    """Every fault of the text of a rule."""
    source, raw = parse(text, file=f"{name}.toml")
    return [*source.faults, *_Checker(source, raw).faults()]


def _rule(name: str, raw: Mapping[str, Any], *, shipped: bool) -> SiteRule:
    values: dict[str, Any] = {
        key: tuple(_many(raw[key])) for key in ("hosts", "date_format", *SELECTORS) if key in raw
    }
    values["hosts"] = tuple(map(_plain_host, values.get("hosts", ())))
    values["timezone"] = raw.get("timezone", "")
    said = repr(sorted(values.items())).encode("utf-8", "replace")
    digest = blake2b(said, digest_size=8).hexdigest()
    return SiteRule(name=name, digest=digest, shipped=shipped, **values)


def _many(value: object) -> Sequence[Any]:
    return value if isinstance(value, list) else [value]


def _plain_host(given: str) -> str:
    """A host as addresses have it: lower case, Punycode, without www."""
    host = host_of(f"http://{given.strip()}/") or given.strip().lower()
    return host.removeprefix("www.")


@dataclass(slots=True)
class _Checker:
    """Looks at everything in one file and says each fault at its place."""

    source: Source
    raw: Mapping[str, Any]
    found: list[Fault] = field(default_factory=list)

    def faults(self) -> list[Fault]:
        for key, value in self.raw.items():
            if key not in KEYS:
                known = guess(key, KEYS) or f"; known are {listed(KEYS, most=30)}"
                self._tell((key,), f"{quoted(key)} is not known in a site rule{known}", at_key=True)
                continue
            for path, text in self._texts(key, value):
                wrong = _CHECKS.get(key, _wrong_selector)(text)
                if wrong:
                    self._tell(path, f"{key}: {wrong}")
        self._whole()
        return [each for each in self.found if each.line not in self.source.filled]

    def _whole(self) -> None:
        if not (self.raw.get("hosts") or self.raw.get("detect")):
            self._tell((), 'say whose pages these are: hosts = "riau.example", or detect = a selector')
        if not any(self.raw.get(key) for key in (*RULE_FIELDS, "remove")):
            self._tell((), f"there is nothing to find; write one of {listed((*RULE_FIELDS, 'remove'))}")

    def _texts(self, key: str, value: object) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """Give each text of a key with its path; what is no text is a fault."""
        single = key in ("timezone", "note")
        many = isinstance(value, list) and not single
        values = _many(value) if not single else [value]
        if many and not values:
            self._tell((key,), f"{key} is empty; write a text between quotes, or leave the line out")
        if len(values) > MOST_VALUES:
            self._tell((key,), f"{key} has {len(values):,} texts; the most is {MOST_VALUES}")
            return
        for number, each in enumerate(values):
            path = (key, number) if many else (key,)
            if wrong := _wrong_text(each):
                self._tell(path, f"{key}{wrong}")
            elif isinstance(each, str):
                yield path, each

    def _tell(self, path: tuple[str | int, ...], message: str, *, at_key: bool = False) -> None:
        self.found.append(self.source.fault(self.source.place(path, at_key=at_key), message))


def _wrong_text(value: object) -> str:
    if not isinstance(value, str):
        what = f"is {sort_of(value)}" if isinstance(value, list | dict) else f"{shown(value)} is no text"
        return f": {what}; write a text in quotes"
    return "" if value.strip() else " is empty; write something between the quotes, or leave the line out"


def _wrong_selector(text: str) -> str:
    try:
        compiled(text)
    except SelectorError as error:
        return f"{quoted(text)} is no selector; at its character {error.column}: {error}"
    return ""


def _wrong_host(text: str) -> str:
    if "://" in text or "/" in text:
        meant = host_of(text if "://" in text else f"http://{text}")
        return f"{quoted(text)} is an address; write its host alone: {quoted(meant.removeprefix('www.'))}"
    if "*" in text:
        meant = text.replace("*.", "").replace("*", "")
        return f"{quoted(text)}: a host stands for all below it; write {quoted(meant)}"
    return (
        ""
        if _HOST.fullmatch(_plain_host(text))
        else f'{quoted(text)} is no host; write for example "riau.example"'
    )


def _wrong_format(text: str) -> str:
    try:
        compiled_format(text)
    except FormatError as error:
        return f"{quoted(text)} is no format of a date: {error}"
    return ""


def _wrong_zone(text: str) -> str:
    return "" if is_zone(text) else f'{quoted(text)} is no time zone; write for example "Asia/Jakarta"'


_CHECKS: Final[Mapping[str, Callable[[str], str]]] = {
    "hosts": _wrong_host,
    "date_format": _wrong_format,
    "timezone": _wrong_zone,
    "note": lambda _: "",
}
