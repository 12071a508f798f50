"""Which configuration is in force: the file's, or the last good one when the file is faulty."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aggregator import config as configuration
from aggregator.config import addresses
from aggregator.config.kinds import Wrong
from aggregator.core.regions import Gazetteer
from aggregator.errors import ConfigError, Fault
from aggregator.model import Config
from aggregator.store import Store

DEFAULT: Final = "sqlite:state/aggregator.db"
Stamp = tuple[int, int, int]  # inode, size, modification time in ns


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """A configuration that passed every check, and the faults of the file if it is not that file's."""

    config: Config
    text: str
    faults: tuple[Fault, ...] = ()


def in_force_at_start(
    path: Path, store: Store, *, gazetteer: Gazetteer, environment: Mapping[str, str], strict: bool
) -> InForce:
    """Load the file; a faulty one gives way to the last good one in the store, unless `strict`.

    Raises ConfigError with the file's faults when there is nothing else to run on.
    """
    try:
        config = configuration.load(path, gazetteer=gazetteer, environment=environment)
    except ConfigError as error:
        text = None if strict else store.last_config()
        if text is None:
            raise
        config = configuration.loads(
            text,
            file=f"{path} (last good)",
            folder=path.absolute().parent,
            gazetteer=gazetteer,
            environment=environment,
        )
        return InForce(config=config, text=text, faults=error.faults)
    return InForce(config=config, text=configuration.read(path))


def reloaded(path: Path, *, gazetteer: Gazetteer, environment: Mapping[str, str]) -> InForce:
    """Load the file again; raises ConfigError when it is faulty or names no feed.

    A running daemon is never emptied by a file that an editor has half written: a restart means it.
    """
    config = configuration.load(path, gazetteer=gazetteer, environment=environment)
    if not config.feed:
        message = "no [[feed]] is left; the last good configuration stays in force until a restart"
        raise ConfigError([Fault(file=str(path), line=1, column=1, message=message)])
    return InForce(config=config, text=configuration.read(path))


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
        return str(tomllib.loads(path.read_text("utf-8-sig"))["storage"]["database"])
    except (OSError, ValueError, RecursionError, KeyError, TypeError):
        return ""


def stamp(path: Path) -> Stamp | None:
    """Give what changes when the file is saved; None while it is not there."""
    try:
        seen = os.stat(path)
    except OSError:
        return None
    return seen.st_ino, seen.st_size, seen.st_mtime_ns
