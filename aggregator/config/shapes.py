"""What feeds.toml may hold, read off the dataclasses of `Config`: the one source of the loader and the schema."""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from datetime import timedelta
from enum import StrEnum
from functools import cache
from typing import Any, Final

from aggregator.config import kinds
from aggregator.config.keys import KEYS, KINDS
from aggregator.config.kinds import Kind
from aggregator.model import (
    ByteSize,
    Condition,
    Config,
    Expectation,
    FeedSettings,
    LogSettings,
    OutputSettings,
    PollingSettings,
    RegionSettings,
    SectionSettings,
    ServerSettings,
    SiteSettings,
    StorageSettings,
)

TABLE_NAMES: Final[Mapping[type, str]] = {
    SiteSettings: "site",
    PollingSettings: "polling",
    StorageSettings: "storage",
    OutputSettings: "output",
    ServerSettings: "server",
    LogSettings: "log",
    FeedSettings: "feed",
    RegionSettings: "region",
    SectionSettings: "section",
    Expectation: "expect",
    Condition: "condition",
    Config: "",
}


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a table."""

    name: str
    takes: Kind | Table
    many: bool  # a list, or one value for a list of one
    default: object  # MISSING: it must be given
    doc: str = ""

    @property
    def required(self) -> bool:
        """Whether the file must give it."""
        return self.default is MISSING


@dataclass(frozen=True, slots=True)
class Table:
    """One table: the dataclass it becomes, and its keys."""

    name: str  # site, feed, condition …; "": the whole file
    makes: type[Any]
    keys: Mapping[str, Key] = field(hash=False)


@cache
def table(makes: type[Any] = Config) -> Table:
    """The table that becomes this dataclass; the whole file by default."""
    name = TABLE_NAMES[makes]
    hints = typing.get_type_hints(makes)
    keys = {}
    for each in fields(makes):
        inner, many = _inner(hints[each.name])
        path = f"{name}.{each.name}"
        takes = table(inner) if inner in TABLE_NAMES else KINDS.get(path) or _kind_of(hints[each.name], inner)
        default = each.default if each.default_factory is MISSING else each.default_factory()
        keys[each.name] = Key(each.name, takes, many, default, KEYS.get(path, ""))
    return Table(name, makes, keys)


def _inner(hint: Any) -> tuple[Any, bool]:
    """The type of one value, and whether the field holds many."""
    arguments = typing.get_args(hint)
    if typing.get_origin(hint) is tuple:
        return arguments[0], True
    if typing.get_origin(hint) in (types.UnionType, typing.Union):  # a NewType makes the older of the two
        return next(argument for argument in arguments if argument is not type(None)), False
    return hint, False


def _kind_of(hint: Any, inner: Any) -> Kind:
    """The kind that a field's type alone stands for."""
    if isinstance(inner, type) and issubclass(inner, StrEnum):
        kind = kinds.choice(inner)
    else:
        kind = {bool: kinds.FLAG, timedelta: kinds.duration(), ByteSize: kinds.SIZE_KIND}[inner]
    return kind if inner is hint else kinds.empty_means_none(kind)
