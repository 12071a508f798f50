"""Which configuration is in force: the file's, or the last good one when the file is faulty."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aggregator import config as configuration
from aggregator.config import addresses, siterules
from aggregator.config.kinds import Wrong
from aggregator.core.regions import Gazetteer
from aggregator.errors import ConfigError, Fault
from aggregator.model import Config, SiteRule

DEFAULT: Final = "sqlite:state/aggregator.db"
Stamp = tuple[
    tuple[int, int, int], siterules.Stamp
]  # inode, size, modification time in ns; the same of sites/


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """A configuration that passed every check, and the faults of the file if it is not that file's."""

    config: Config
    text: str
    faults: tuple[Fault, ...] = ()
    stamp: Stamp | None = None  # of the file as it was read; None: it was not there
    rules: tuple[SiteRule, ...] = ()  # of sites/ beside it


def loaded(path: Path, *, gazetteer: Gazetteer, environment: Mapping[str, str]) -> InForce:
    """Load the file; raises ConfigError with every fault. What is checked is what is kept: it is read once."""
    seen = stamp(path)
    rules, faults = siterules.beside(path)
    try:
        text = configuration.read(path)
        config = configuration.loads(
            text, file=str(path), folder=path.absolute().parent, gazetteer=gazetteer, environment=environment
        )
    except ConfigError as error:
        raise ConfigError([*error.faults, *faults]) from None
    if faults:
        raise ConfigError(faults)
    return InForce(config=config, text=text, stamp=seen, rules=rules)


def in_force_at_start(
    path: Path,
    *,
    last_good: Callable[[], str | None],
    gazetteer: Gazetteer,
    environment: Mapping[str, str],
) -> InForce:
    """Load the file; a faulty one gives way to the text that `last_good` gives.

    Raises ConfigError with the file's faults when there is nothing else to run on.
    """
    seen = stamp(path)
    try:
        return loaded(path, gazetteer=gazetteer, environment=environment)
    except ConfigError as error:
        text = last_good()
        if text is None:
            raise
        try:
            config = configuration.loads(
                text,
                file=f"{path} (last good)",
                folder=path.absolute().parent,
                gazetteer=gazetteer,
                environment=environment,
            )
        except ConfigError as other:  # good for an older version of this program, or another environment
            raise ConfigError([*error.faults, *other.faults]) from None
        rules, _ = siterules.beside(path)  # those without a fault
        return InForce(config=config, text=text, faults=error.faults, stamp=seen, rules=rules)


def reloaded(path: Path, *, gazetteer: Gazetteer, environment: Mapping[str, str]) -> InForce:
    """Load the file again; raises ConfigError when it is faulty or names no feed.

    A running daemon is never emptied by a file that an editor has half written: a restart means it.
    """
    new = loaded(path, gazetteer=gazetteer, environment=environment)
    if not configuration.has_feeds(new.config):
        message = "no [[feed]] is left; the last good configuration stays in force until a restart"
        raise ConfigError([Fault(file=str(path), line=1, column=1, message=message)])
    return new


def database_of(path: Path, environment: Mapping[str, str]) -> str:
    """Say where the store is, even when feeds.toml is faulty: the environment, the file if it says, the default."""
    folder = path.absolute().parent
    given = environment.get("AGGREGATOR_DATABASE") or _written(path)
    try:
        return addresses.database(given or DEFAULT, folder=folder, secrets=True)
    except Wrong:
        return addresses.database(DEFAULT, folder=folder)


def _written(path: Path) -> str:
    """Give the database that a file names, as far as it can be read at all."""
    try:
        return str(tomllib.loads(configuration.read(path))["storage"]["database"])
    except (ConfigError, ValueError, RecursionError, KeyError, TypeError):
        return ""


def stamp(path: Path) -> Stamp | None:
    """Give what changes when the file, or a site rule beside it, is saved; None while the file is not there."""
    try:
        seen = os.stat(path)
    except (OSError, ValueError):
        return None
    return (seen.st_ino, seen.st_size, seen.st_mtime_ns), siterules.stamp(path)
